// Uses Apollo Client with persisted queries, as its users set them up who can't know what a server keeps.
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { createHash } from "node:crypto";

const sent = [];
const counted = (url, options) => {
  const { query, extensions } = JSON.parse(options.body);
  sent.push(query ? "text" : extensions.persistedQuery.sha256Hash.length);
  return fetch(url, options);
};
const client = new ApolloClient({
  link: ApolloLink.from([
    new PersistedQueryLink({ sha256: (text) => createHash("sha256").update(text).digest("hex") }),
    new HttpLink({ uri: process.argv[2], fetch: counted }),
  ]),
  cache: new InMemoryCache(),
});
const ask = async (query) => (await client.query({ query })).data;
const answers = [
  await ask(gql`{ accounts(first: 1) { totalCount } }`),
  await ask(gql`{ contacts(first: 1) { totalCount } }`),
].map((data) => Object.values(data)[0].totalCount);
console.log(JSON.stringify({ sent, answers }));
