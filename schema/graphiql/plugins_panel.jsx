// The side panel 'Plugins': what each plugin is, adds and asks for, as a person would like to read it.
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { Kind, parse, print } from 'graphql';
import { useEffect, useState } from 'react';
import './plugins_panel.css';

const QUESTION = `query PluginsPanel {
  plugins {
    name title version distribution state reason description after
    fields { record name type description permission classified mask }
    records { name description }
    operations { kind name description permission }
    rules { code message severity reference }
    permissions { name description }
    settings { name value source description }
    hooks { name calls failures p95Ms }
    migrations { name applied }
    examples { title query }
  }
}`;

export function pluginsPanel() {
  return { title: 'Plugins', icon: PlugIcon, content: PluginsPanel };
}

function PlugIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round">
      <path d="M9 3v5M15 3v5M6 8h12v4a6 6 0 0 1-12 0zM12 18v3" strokeLinejoin="round" />
    </svg>
  );
}

function PluginsPanel() {
  const fetcher = useGraphiQL((state) => state.fetcher);
  const headers = useGraphiQL((state) => state.headerEditor?.getValue());
  const [found, setFound] = useState({ state: 'asking' });
  const ask = () => {
    setFound({ state: 'asking' });
    question(fetcher, headers).then(
      (plugins) => setFound({ state: 'answered', plugins }),
      (problem) => setFound({ state: 'failed', problem: problem.message }),
    );
  };
  useEffect(ask, [fetcher]);
  return (
    <section className="plugins-panel" aria-label="Plugins">
      <header>
        <div className="graphiql-doc-explorer-title">Plugins</div>
        <button type="button" className="graphiql-un-styled plugins-again" onClick={ask}>
          Ask again
        </button>
      </header>
      {found.state === 'asking' && <p>Asking the server …</p>}
      {found.state === 'failed' && <p className="plugins-trouble">{found.problem}</p>}
      {found.state === 'answered' && found.plugins.length === 0 && (
        <p>No plugin is installed. An operator enables one in accord.toml.</p>
      )}
      {found.state === 'answered' && found.plugins.map((one) => <Card key={one.name} plugin={one} />)}
    </section>
  );
}

async function question(fetcher, headers) {
  const given = readHeaders(headers);
  const answer = await fetcher({ query: QUESTION, operationName: 'PluginsPanel' }, { headers: given });
  if (!answer.data?.plugins) {
    throw new Error(answer.errors?.map((error) => error.message).join(' ') || 'The server gave no answer.');
  }
  return answer.data.plugins;
}

// What stands in the Headers tab while somebody types there may be no JSON yet.
function readHeaders(text) {
  try {
    return text?.trim() ? JSON.parse(text) : {};
  } catch {
    return {};
  }
}

function Card({ plugin }) {
  const { name, title, version, distribution, state, reason, description, after } = plugin;
  return (
    <article className="plugins-card" data-plugin={name}>
      <h3>
        {title || name} <span className={`plugins-state plugins-${state.toLowerCase()}`}>{state.toLowerCase()}</span>
      </h3>
      <p className="plugins-from">
        {name} {version}
        {distribution && ` · ${distribution}`}
        {after.length > 0 && ` · runs after ${after.join(', ')}`}
      </p>
      {reason && <p className="plugins-trouble">{reason}</p>}
      {description && <p>{description}</p>}
      <Examples examples={plugin.examples} />
      <Part title="Fields" rows={plugin.fields} show={fieldRow} />
      <Part title="Records" rows={plugin.records} show={(one) => [one.name, one.description]} />
      <Part title="Operations" rows={plugin.operations} show={operationRow} />
      <Part title="Rules" rows={plugin.rules} show={ruleRow} />
      <Part title="Permissions" rows={plugin.permissions} show={(one) => [one.name, one.description]} />
      <Part title="Settings" rows={plugin.settings} show={settingRow} />
      <Part title="Hooks" rows={plugin.hooks} show={hookRow} />
      <Part title="Migrations" rows={plugin.migrations} show={(one) => [one.name, one.applied ? 'applied' : 'pending']} />
    </article>
  );
}

const fieldRow = ({ record, name, type, description, permission, classified, mask }) => [
  `${record}.${name}: ${type}`,
  description,
  permission && `${classified ?? 'protected'}: needs ${permission}, else ${mask}`,
];
const operationRow = ({ kind, name, description, permission }) => [
  `${kind.toLowerCase()} ${name}`,
  description,
  permission && `needs ${permission}`,
];
const ruleRow = ({ code, message, severity, reference }) => [
  code,
  message,
  [severity === 'WARNING' && 'warning', reference].filter(Boolean).join(' · '),
];
const settingRow = ({ name, value, source, description }) => [`${name} = ${value}`, description, `from ${source}`];
const hookRow = ({ name, calls, failures, p95Ms }) => [
  name,
  `${calls} calls, ${failures} failed, 95 of 100 within ${p95Ms} ms`,
];

function Part({ title, rows, show }) {
  if (!rows?.length) {
    return null;
  }
  return (
    <details>
      <summary>
        {title} <span className="plugins-count">{rows.length}</span>
      </summary>
      <dl>
        {rows.map(show).map(([term, text, note]) => (
          <div key={term + text}>
            <dt>{term}</dt>
            {text && <dd>{text}</dd>}
            {note && <dd className="plugins-note">{note}</dd>}
          </div>
        ))}
      </dl>
    </details>
  );
}

// An example opens in a tab of its own, named by its title; one that is open in a tab is shown there.
function Examples({ examples }) {
  const { addTab, changeTab } = useGraphiQLActions();
  const editor = useGraphiQL((state) => state.queryEditor);
  const tabs = useGraphiQL((state) => state.tabs);
  const open = (query) => {
    const place = tabs.findIndex((tab) => tab.query?.trim() === query.trim());
    if (place >= 0) {
      changeTab(place);
    } else {
      addTab();
      editor?.setValue(query);
    }
    editor?.focus();
  };
  return (
    <div className="plugins-examples">
      {examples?.map(({ title, query }) => (
        <button key={title} type="button" className="graphiql-button" onClick={() => open(readable(title, query))}>
          {title}
        </button>
      ))}
    </div>
  );
}

// A query with line breaks, and its title as the name of the operation, which GraphiQL calls the tab by.
function readable(title, query) {
  try {
    const document = parse(query);
    const [first, ...others] = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    if (first && !first.name && others.length === 0) {
      first.name = { kind: Kind.NAME, value: nameOf(title) };
    }
    return print(document) + '\n';
  } catch {
    return query;
  }
}

function nameOf(title) {
  const words = title.normalize('NFKD').match(/[A-Za-z0-9]+/g) ?? [];
  const name = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
  return /^[A-Za-z]/.test(name) ? name : `Example${name}`;
}
