// Replaces the graphql tags in what TypeScript wrote by the modules that the Relay compiler wrote, as a bundler does.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { transformSync } from "@babel/core";

const folder = resolve("out");
const options = { artifactDirectory: resolve("out/__generated__"), eagerEsModules: true };
for (const name of readdirSync(folder).filter((name) => name.endsWith(".js"))) {
  const file = resolve(folder, name);
  const { code } = transformSync(readFileSync(file, "utf-8"), {
    filename: file,
    babelrc: false,
    configFile: false,
    plugins: [["babel-plugin-relay", options]],
  });
  writeFileSync(file, code.replaceAll(/(from "[^"]+\.graphql)"/g, '$1.js"'));
}
