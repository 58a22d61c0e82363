// Renders the page of an account on the server, once everything in it is there.
import { createElement } from "react";
import { prerender } from "react-dom/static";
import { AccountPage } from "./out/AccountPage.js";
import { kestrel } from "./out/main.js";

const { prelude } = await prerender(createElement(AccountPage, { id: kestrel }));
console.log(await new Response(prelude).text());
process.exit(); // Relay would keep what it has read for some minutes
