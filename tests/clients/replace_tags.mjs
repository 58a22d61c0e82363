// Does to what TypeScript wrote what a bundler does: the modules of the Relay compiler come in place of the graphql tags,
// and are found without the ends of their names.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { transformSync } from "@babel/core";

const artifactDirectory = resolve("out/__generated__");
for (const name of readdirSync("out", { recursive: true }).filter((name) => name.endsWith(".js"))) {
  const filename = resolve("out", name);
  const { code } = transformSync(readFileSync(filename, "utf-8"), {
    filename,
    babelrc: false,
    configFile: false,
    plugins: [["babel-plugin-relay", { artifactDirectory, eagerEsModules: true }]],
  });
  writeFileSync(filename, code.replaceAll(/(from ["'][^"']+\.graphql)(["'])/g, "$1.js$2"));
}
