// What browsers do and Node.js 20 does not: they have WebSocket, and go on after a rejection that nobody handles.
import { WebSocket } from "ws";

globalThis.WebSocket ??= WebSocket;
process.on("unhandledRejection", (reason) => {
  if (reason?.name !== "AbortError") throw reason;
});
