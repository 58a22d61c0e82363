// Carries what is typed to the server: queries and mutations by POST, subscriptions over a WebSocket.
import { getOperationAST, parse } from 'graphql';
import { createClient } from 'graphql-ws';

export function createTransport({ origin, pathname }) {
  const address = origin + pathname;
  return (asked, { headers } = {}) => {
    const chosen = findOperation(asked);
    const operation = chosen ? { ...asked, operationName: chosen.name?.value } : asked;
    const carry = chosen?.operation === 'subscription' ? subscribe : post;
    return carry(address, operation, headers);
  };
}

// Read from the text, because GraphiQL notes name and kind a moment after the last key: who runs at once would send the
// name of what stood there before. Text that does not parse is sent as it is; the server says what is wrong with it.
function findOperation({ query, operationName }) {
  try {
    const document = parse(query);
    return getOperationAST(document, operationName) ?? getOperationAST(document);
  } catch {
    return null;
  }
}

async function post(address, operation, headers) {
  const response = await fetch(address, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(operation),
  }).catch(() => {
    throw problem(`No answer from ${address}. Is the server running?`);
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw problem(`${address} answered ${response.status}, and not in JSON: ${text.slice(0, 200)}`);
  }
}

// The graphql-transport-ws protocol. A browser can't set headers on a WebSocket: those of the Headers tab travel as the
// payload of connection_init. An observable, not an async generator, so that Stop ends an idle subscription at once.
function subscribe(address, operation, headers) {
  return {
    subscribe({ next, error, complete }) {
      const client = createClient({
        url: address.replace(/^http/, 'ws'),
        connectionParams: headers,
        retryAttempts: 0,
      });
      const refuse = (cause) => error(cause instanceof CloseEvent ? closed(address, cause) : cause);
      client.subscribe(operation, { next, error: refuse, complete });
      return { unsubscribe: () => client.dispose() };
    },
  };
}

function closed(address, { code, reason }) {
  return problem(`${address} closed the subscription (${code}): ${reason || 'no reason given'}`);
}

// GraphiQL shows an error with its stack, which says nothing to the person who reads it.
function problem(message) {
  return Object.assign(new Error(message), { stack: undefined });
}
