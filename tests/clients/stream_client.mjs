// Uses graphql-sse as a front end would, a stream for each operation.
import { createClient } from "graphql-sse";

const client = createClient({ url: process.argv[2], retryAttempts: 0 });
const seen = [];

for await (const { data } of client.iterate({
  query: "mutation ($name: String!) { createAccount(input: { name: $name }) { account { name } } }",
  variables: { name: "Kestrel" },
})) seen.push(data.createAccount.account.name);

for await (const { errors } of client.iterate({ query: "{ acounts { totalCount } }" })) seen.push(errors[0].extensions.code);

const changes = 'subscription { changes(types: ["Account"], after: "0") { kind node { ... on Account { name } } } }';
for await (const { data } of client.iterate({ query: changes })) {
  seen.push(data.changes);
  break;
}
client.dispose();
console.log(JSON.stringify(seen));
