// The playground page: GraphiQL on this origin's /graphql, opened with examples for the graph that is loaded.
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './style.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { exampleTabs, findPeople } from './examples.js';

const fetcher = createGraphiQLFetcher({
  url: '/graphql',
  subscriptionUrl: new URL('/graphql', location.href.replace(/^http/, 'ws')).href,
  // foaf never answers in parts, and only the plain fetcher asks for application/graphql-response+json.
  enableIncrementalDelivery: false,
});

// What GraphiQL keeps (tabs, history, theme) is kept per graph: otherwise the tabs of the first visit, perhaps to an
// empty graph, would hide the examples for the next one, and carry ids that mean nobody there.
function storageFor(graph) {
  const prefix = `foaf:${graph}:`;
  const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  return {
    get length() {
      return keys().length;
    },
    getItem: (key) => localStorage.getItem(prefix + key),
    setItem: (key, value) => localStorage.setItem(prefix + key, value),
    removeItem: (key) => localStorage.removeItem(prefix + key),
    clear: () => keys().forEach((key) => localStorage.removeItem(key)),
  };
}

const people = await findPeople();

createRoot(document.getElementById('root')).render(
  <GraphiQL
    fetcher={fetcher}
    defaultTabs={exampleTabs(people)}
    defaultEditorToolsVisibility="variables"
    storage={storageFor(people[0]?.id ?? 'empty')}
  >
    <GraphiQL.Logo>
      <span className="foaf-title">
        foaf playground
        <a href="/assets/licenses.md" target="_blank">
          licences
        </a>
      </span>
    </GraphiQL.Logo>
  </GraphiQL>,
);
