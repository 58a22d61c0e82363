// Puts GraphiQL on the page: the endpoint is the page's own address, the first tabs are examples.graphql.
import '@graphiql/react/setup-workers/vite';
import '@graphiql/react/font/fira-code.css';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import '@graphiql/plugin-explorer/style.css';
import './page.css';
import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';
import examples from './examples.graphql?raw';
import { pluginsPanel } from './plugins_panel.jsx';
import { createTransport } from './transport.js';

// One tab for each part of examples.graphql; the parts stand between lines of dashes.
const tabs = examples.split(/^# -{4,}\n/m).map((query) => ({ query: query.trim() + '\n' }));
const plugins = [HISTORY_PLUGIN, explorerPlugin({ showAttribution: false }), pluginsPanel()];

createRoot(document.getElementById('page')).render(
  <GraphiQL
    fetcher={createTransport(window.location)}
    plugins={plugins}
    defaultTabs={tabs}
    defaultEditorToolsVisibility={false}
    inputValueDeprecation
    schemaDescription
  >
    <GraphiQL.Logo>Accord</GraphiQL.Logo>
  </GraphiQL>,
);
