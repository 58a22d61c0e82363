// Uses graphql-ws as a front end would: a mutation, a query, a wrong query and a subscription on one socket.
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

const client = createClient({ url: process.argv[2], webSocketImpl: WebSocket, retryAttempts: 0 });
const seen = [];

for await (const { data } of client.iterate({
  query: "mutation ($name: String!) { createAccount(input: { name: $name }) { account { name } } }",
  variables: { name: "Kestrel" },
})) seen.push(data.createAccount.account.name);

for await (const { data } of client.iterate({ query: "{ accounts { totalCount } }" })) seen.push(data.accounts.totalCount);

try {
  for await (const _ of client.iterate({ query: "{ acounts { totalCount } }" }));
} catch (errors) {
  seen.push(errors[0].extensions.code);
}

const changes = 'subscription { changes(types: ["Account"], after: "0") { kind node { ... on Account { name } } } }';
for await (const { data } of client.iterate({ query: changes })) {
  seen.push(data.changes);
  break;
}
await client.dispose();
console.log(JSON.stringify(seen));
