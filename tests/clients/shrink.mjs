// Makes a request that shows a difference as short as it can be, so that people see what it is about.

import { parse, print, visit } from 'graphql';

const TOKEN = /"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n\r])*"|\.\.\.|[_A-Za-z]\w*|-?\d[\w.+-]*|#[^\n\r]*|[^]/gu;
const MOST_TRIES = 2500;

// `shows` says of a request whether the difference is still there.
export async function shrink(request, shows) {
  const search = { best: request, left: MOST_TRIES, shows };
  for (const name of Object.keys(request.variables)) {
    const { [name]: _, ...variables } = search.best.variables;
    await attempt(search, { ...search.best, variables });
  }
  if (request.operationName !== undefined) await attempt(search, { ...search.best, operationName: undefined });
  await shrinkTree(search);
  await shrinkText(search);
  return search.best;
}

async function attempt(search, changed) {
  if (
    changed.query === search.best.query &&
    changed.query.length > 0 &&
    changed.variables === search.best.variables &&
    changed.operationName === search.best.operationName
  )
    return false;
  search.left -= 1;
  if (search.left < 0 || !(await search.shows(changed))) return false;
  search.best = changed;
  return true;
}

// Leaves out parts of the tree, the larger ones first.
async function shrinkTree(search) {
  for (let progress = true; progress && search.left > 0;) {
    progress = false;
    let tree;
    try {
      tree = parse(search.best.query, { noLocation: true });
    } catch {
      return;
    }
    for (const change of changesOf(tree)) {
      const undo = change();
      progress =
        (await attempt(search, { ...search.best, query: print(tidy(tree)) })) ||
        (await attempt(search, { ...search.best, query: print(tree) }));
      if (progress) break;
      undo();
    }
  }
}

// Each change takes an element out of a list, or puts what it stands for into its place.
function changesOf(tree) {
  const changes = [];
  const walk = (node, depth) => {
    for (const [key, held] of Object.entries(node)) {
      if (Array.isArray(held)) {
        held.forEach((element, place) => {
          const put =
            (...elements) =>
            () => {
              node[key] = [...held.slice(0, place), ...elements, ...held.slice(place + 1)];
              return () => (node[key] = held);
            };
          changes.push([depth, put()]);
          const spread =
            element.kind === 'FragmentSpread' &&
            tree.definitions.find(
              ({ kind, name }) => kind === 'FragmentDefinition' && name.value === element.name.value,
            );
          const within = spread ? spread.selectionSet.selections : element.selectionSet?.selections;
          if (within && !element.kind.endsWith('Definition')) changes.push([depth + 0.5, put(...within)]);
          if (spread)
            changes.push([
              depth + 0.6,
              put({ ...element, ...spread, kind: 'InlineFragment', directives: element.directives }),
            ]);
          walk(element, depth + 1);
        });
      } else if (held && typeof held === 'object') walk(held, depth + 1);
    }
  };
  walk(tree, 0);
  return changes.sort(([one], [other]) => one - other).map(([, change]) => change);
}

// Without the fragments and variables that nothing uses.
function tidy(tree) {
  const used = new Set();
  visit(tree, {
    FragmentSpread: ({ name }) => void used.add(`...${name.value}`),
    VariableDefinition: () => false,
    Variable: ({ name }) => void used.add(`$${name.value}`),
  });
  return visit(tree, {
    FragmentDefinition: ({ name }) => (used.has(`...${name.value}`) ? undefined : null),
    VariableDefinition: ({ variable }) => (used.has(`$${variable.name.value}`) ? undefined : null),
  });
}

// Leaves out pieces of the text.
async function shrinkText(search) {
  for (let size = 64; size >= 1; size >>= 1) {
    let tokens = search.best.query.match(TOKEN) ?? [];
    for (let place = 0; place < tokens.length;) {
      const left = [...tokens.slice(0, place), ...tokens.slice(place + size)];
      if (await attempt(search, { ...search.best, query: left.join('') })) tokens = left;
      else place += Math.max(1, size >> 1);
    }
  }
}
