// Damages requests: one change each, of the kinds that people and programs make. Some changes leave a request valid.

import { partsOf } from './parts.mjs';
import { DEFINITIONS, DIRECTIVES, FIELDS, ODD_JSON, ODD_LITERALS, TOKENS, TYPES, VARIABLE_TYPES } from './scraps.mjs';

const raw = (text) => ({ kind: 'raw', text });
const field = (name, args = [], set) => ({ kind: 'field', name, args, directives: [], set });

// Each change gets the request, the parts of its document, the random choices and the schema; it says false where it
// finds nothing to change.
const changes = {
  renameField({ parts, random, schema }) {
    const [found] = random.pick(parts.fields) ?? [];
    if (!found) return false;
    const own = Object.keys(schema.getType(found.parent)?.getFields?.() ?? {});
    found.name = random.chance(0.5) && own.length > 0 ? random.pick(own) : random.pick(FIELDS);
    return true;
  },
  aliasField({ parts, random }) {
    const [found, set] = random.pick(parts.fields) ?? [];
    if (!found) return false;
    const other = random.pick(set.selections);
    found.alias = random.chance(0.7)
      ? (other.alias ?? other.name ?? 'x')
      : random.pick([...FIELDS, 'a1', 'a2', '$', '1', 'é']);
    return true;
  },
  // Asks for the same with other arguments, or under the name of another field: section 5.3.2.
  conflict({ parts, random }) {
    const [found, set, owner] = random.pick(parts.fields) ?? [];
    if (!found) return false;
    const copy = structuredClone(found);
    if (copy.args.length > 0 && random.chance(0.6)) {
      const arg = random.pick(copy.args);
      if (random.chance(0.3)) copy.args.splice(copy.args.indexOf(arg), 1);
      else arg.value = raw(random.pick(['1', '2', '"x"', 'ID', 'NAME', 'true', 'null', '{handle: "valjean"}', '$v0']));
    } else if (random.chance(0.5))
      copy.args.push({
        name: random.pick(['first', 'last', 'after', 'id']),
        value: raw(random.pick(['1', '2', '"x"'])),
      });
    else {
      copy.alias = found.alias ?? found.name;
      copy.name = random.pick(FIELDS);
      if (random.chance(0.5)) copy.set = undefined;
    }
    if (random.chance(0.3) && owner.kind === 'field' && random.chance(0.5)) copy.set = { selections: [field('id')] };
    const wrapped = random.chance(0.4)
      ? {
          kind: 'inline',
          on: random.chance(0.5) ? found.parent : undefined,
          directives: [],
          set: { of: set.of, selections: [copy] },
        }
      : copy;
    set.selections.splice(random.between(0, set.selections.length), 0, wrapped);
    return true;
  },
  // The same parent once more, with something below it that may not fit to what is there.
  repeatParent({ parts, random }) {
    const [found, set] = random.pick(parts.fields.filter(([{ set: below }]) => below)) ?? [];
    if (!found) return false;
    const copy = structuredClone(found);
    const below = random.pick(
      partsOf({ definitions: [{ kind: 'fragment', directives: [], set: copy.set }] }).fields,
    )?.[0];
    if (!below) return false;
    const kept = below.alias ?? below.name;
    if (random.chance(0.5)) below.name = random.pick(FIELDS);
    else if (below.args.length > 0) random.pick(below.args).value = raw(random.pick(['1', '"x"', 'null']));
    if (random.chance(0.6)) below.alias = kept;
    set.selections.push(
      random.chance(0.5)
        ? copy
        : { kind: 'inline', on: found.parent, directives: [], set: { of: set.of, selections: [copy] } },
    );
    return true;
  },
  argument({ parts, random }) {
    const args = random.pick(parts.args);
    if (!args) return false;
    const extra = {
      name: random.pick(['first', 'id', 'if', 'by', 'nothing', 'orderBy', 'IF', 'after', 'input', 'with']),
      value: raw(random.pick(ODD_LITERALS)),
    };
    const kind = random.weighted([
      [30, 'add'],
      [30, 'remove'],
      [20, 'repeat'],
      [20, 'rename'],
    ]);
    if (kind === 'add' || args.length === 0) args.push(extra);
    else if (kind === 'remove') args.splice(random.between(0, args.length - 1), 1);
    else if (kind === 'repeat')
      args.push({ ...random.pick(args), ...(random.chance(0.5) ? { value: extra.value } : {}) });
    else random.pick(args).name = extra.name;
    return true;
  },
  value({ parts, random }) {
    const [holder, key] = random.pick(parts.values) ?? [];
    if (!holder) return false;
    holder[key] = raw(random.pick(ODD_LITERALS));
    return true;
  },
  shapeOfValue({ parts, random }) {
    const [holder, key] = random.pick(parts.values) ?? [];
    if (!holder) return false;
    const held = holder[key];
    const inner = held.kind === 'list' ? held.items[0] : held.kind === 'object' ? held.fields[0]?.value : undefined;
    holder[key] = random.weighted([
      [3, { kind: 'list', items: [held] }],
      [2, { kind: 'list', items: [held, held] }],
      [1, { kind: 'list', items: [held, raw(random.pick(ODD_LITERALS))] }],
      [1, { kind: 'object', fields: [{ name: random.pick(['id', 'handle', 'state', 'a']), value: held }] }],
      [inner ? 3 : 0, inner ?? held],
    ]);
    return true;
  },
  objectField({ parts, random }) {
    const object = random.pick(parts.objects);
    if (!object) return false;
    const name = random.pick(['id', 'handle', 'uuid', 'state', 'handlePrefix', 'nothing', 'firstName', 'Handle']);
    const kind = random.weighted([
      [40, 'add'],
      [20, 'remove'],
      [15, 'rename'],
      [15, 'repeat'],
      [10, 'empty'],
    ]);
    if (kind === 'add' || object.fields.length === 0)
      object.fields.push({ name, value: raw(random.chance(0.5) ? '"x"' : random.pick(ODD_LITERALS)) });
    else if (kind === 'remove') object.fields.splice(random.between(0, object.fields.length - 1), 1);
    else if (kind === 'rename') random.pick(object.fields).name = name;
    else if (kind === 'repeat') object.fields.push({ ...random.pick(object.fields) });
    else object.fields = [];
    return true;
  },
  toVariable({ parts, random, request }) {
    const [holder, key] = random.pick(parts.values) ?? [];
    const operation = random.pick(parts.operations);
    if (!holder || !operation) return false;
    holder[key] = { kind: 'variable', name: 'w' };
    if (random.chance(0.85))
      operation.variables.push({
        name: 'w',
        type: random.pick(VARIABLE_TYPES),
        default: random.chance(0.25) ? raw(random.pick(ODD_LITERALS)) : undefined,
        directives: [],
      });
    operation.isShort = false;
    if (random.chance(0.7)) request.variables.w = random.pick(ODD_JSON);
    return true;
  },
  selectionSet({ parts, random }) {
    const [found] = random.pick(parts.fields) ?? [];
    if (!found) return false;
    if (found.set)
      found.set = random.chance(0.6)
        ? undefined
        : { selections: random.chance(0.5) ? [] : [field(random.pick(FIELDS))] };
    else found.set = { selections: random.chance(0.3) ? [] : [field(random.pick(['id', '__typename', 'name']))] };
    return true;
  },
  emptySet({ parts, random }) {
    const set = random.pick(parts.sets);
    if (set) set.selections = [];
    return Boolean(set);
  },
  addSelection({ parts, random }) {
    const set = random.pick(parts.sets);
    if (!set) return false;
    const inner = { selections: [field(random.pick(FIELDS))] };
    const added = random.weighted([
      [3, field(random.pick(FIELDS))],
      [
        2,
        field(
          random.pick(FIELDS),
          [{ name: random.pick(['first', 'id', 'name']), value: raw(random.pick(['1', '"x"'])) }],
          random.chance(0.5) ? inner : undefined,
        ),
      ],
      [3, { kind: 'spread', name: random.pick(['F0', 'F1', 'Nothing', 'query', 'on', 'on1']), directives: [] }],
      [4, { kind: 'inline', on: random.pick(TYPES), directives: [], set: inner }],
      [1, { kind: 'inline', directives: [], set: inner }],
      [1, raw(random.pick(TOKENS))],
    ]);
    set.selections.splice(random.between(0, set.selections.length), 0, added);
    return true;
  },
  removeSelection({ parts, random }) {
    const [selections, place] = random.pick(parts.selections) ?? [];
    if (selections) selections.splice(place, 1);
    return Boolean(selections);
  },
  condition({ parts, random }) {
    const found = random.pick(parts.conditions);
    if (!found) return false;
    found.on = random.pick(TYPES);
    return true;
  },
  renameFragment({ parts, random }) {
    const found = random.pick(parts.fragments);
    if (!found) return false;
    found.name = random.pick(['F0', 'F1', 'F2', 'Nothing', 'on', 'User']);
    return true;
  },
  cycle({ parts, random }) {
    const found = random.pick(parts.fragments);
    const set = random.pick(parts.sets);
    if (!found || !set) return false;
    const into = random.chance(0.5) ? found.set : set;
    into.selections.push({ kind: 'spread', name: found.name, directives: [] });
    return true;
  },
  directive({ parts, random }) {
    const holder = random.pick(parts.directives);
    if (!holder) return false;
    const name = random.pick(DIRECTIVES);
    const value = raw(
      random.chance(0.6)
        ? random.pick(['true', 'false'])
        : random.pick(['null', '"true"', '1', '[true]', '$v0', '$undefined', '{}', 'TRUE']),
    );
    const args = random.weighted([
      [6, [{ name: 'if', value }]],
      [2, []],
      [
        1,
        [
          { name: 'if', value },
          { name: 'if', value },
        ],
      ],
      [1, [{ name: 'IF', value }]],
      [
        1,
        [
          { name: 'if', value },
          { name: 'label', value: raw('"x"') },
        ],
      ],
    ]);
    holder.directives.push({ name, args });
    if (random.chance(0.25))
      holder.directives.push({
        name: random.chance(0.5) ? name : 'include',
        args: [{ name: 'if', value: raw('true') }],
      });
    if (holder.kind === 'operation') holder.isShort = false;
    return true;
  },
  variableDefinition({ parts, random }) {
    const [operation, variable] = random.pick(parts.variables) ?? [];
    if (!variable) return false;
    const kind = random.weighted([
      [25, 'type'],
      [15, 'remove'],
      [15, 'repeat'],
      [20, 'default'],
      [15, 'nullability'],
      [5, 'rename'],
      [5, 'list'],
    ]);
    const { variables } = operation;
    if (kind === 'type') variable.type = random.pick(VARIABLE_TYPES);
    else if (kind === 'remove') variables.splice(variables.indexOf(variable), 1);
    else if (kind === 'repeat')
      variables.push({ ...variable, type: random.chance(0.7) ? variable.type : random.pick(VARIABLE_TYPES) });
    else if (kind === 'default')
      variable.default = raw(random.pick([...ODD_LITERALS, '$v0', '[$v0]', '{id: $v0}', 'null']));
    else if (kind === 'nullability')
      variable.type = variable.type.endsWith('!') ? variable.type.slice(0, -1) : `${variable.type}!`;
    else if (kind === 'rename') variable.name = random.pick(['v0', 'v1', 'V0', 'other']);
    else variable.type = variable.type.startsWith('[') ? variable.type.replace(/[[\]]/g, '') : `[${variable.type}]`;
    return true;
  },
  addVariable({ parts, random }) {
    const operation = random.pick(parts.operations);
    if (!operation) return false;
    operation.isShort = false;
    if (random.chance(0.2)) operation.hasEmptyVariables = true;
    else
      operation.variables.push({
        name: random.pick(['unused', 'v0', 'v1']),
        type: random.pick(VARIABLE_TYPES),
        directives: [],
      });
    return true;
  },
  variableValue({ random, request }) {
    const names = Object.keys(request.variables);
    const name =
      names.length > 0 && random.chance(0.9) ? random.pick(names) : random.pick(['v0', 'v1', 'nothing', '__proto__']);
    const held = request.variables[name];
    const changed = random.weighted([
      [6, random.pick(ODD_JSON)],
      [1, undefined],
      [1, null],
      [held === undefined ? 0 : 2, [held]],
      [held === undefined ? 0 : 1, [held, random.pick(ODD_JSON)]],
      [
        held && typeof held === 'object' && !Array.isArray(held) ? 6 : 0,
        { ...held, [random.pick(['id', 'handle', 'uuid', 'state', 'handlePrefix', 'nothing'])]: random.pick(ODD_JSON) },
      ],
      [Array.isArray(held) && held.length > 0 ? 3 : 0, Array.isArray(held) ? held[0] : held],
    ]);
    Object.defineProperty(request.variables, name, {
      value: changed,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    return true;
  },
  operationName({ random, request }) {
    request.operationName = random.pick(['Q0', 'Q1', 'Nothing', '', 'q0', 'F0', null, undefined]);
    return true;
  },
  operation({ parts, random }) {
    const found = random.pick(parts.operations);
    if (!found) return false;
    found.isShort = false;
    if (random.chance(0.5)) found.operation = random.pick(['mutation', 'subscription', 'Query', 'fragment', 'query']);
    else found.name = random.pick([undefined, 'Q0', 'Q1', 'query', 'on', '1', '$a']);
    return true;
  },
  definition({ document, random }) {
    document.definitions.splice(random.between(0, document.definitions.length), 0, raw(random.pick(DEFINITIONS)));
    return true;
  },
  repeatDefinition({ document, random }) {
    const found = random.pick(document.definitions);
    if (found) document.definitions.push(structuredClone(found));
    return Boolean(found);
  },
  removeDefinition({ document, random }) {
    if (document.definitions.length < 2) return false;
    document.definitions.splice(random.between(0, document.definitions.length - 1), 1);
    return true;
  },
  description({ parts, random }) {
    const found = random.pick([
      ...parts.operations,
      ...parts.fragments,
      ...parts.variables.map(([, variable]) => variable),
    ]);
    if (found) found.description = random.pick(['"x"', '"""x"""', '"" ""', '1', 'x', '"\\u{110000}"', '"']);
    return Boolean(found);
  },
};

const WEIGHTS = {
  value: 5,
  shapeOfValue: 3,
  toVariable: 4,
  variableValue: 6,
  variableDefinition: 5,
  conflict: 5,
  repeatParent: 3,
  directive: 4,
  argument: 3,
  objectField: 3,
  condition: 3,
  addSelection: 3,
  cycle: 2,
};
const CHOICES = Object.entries(changes).map(([name, change]) => [WEIGHTS[name] ?? 2, change]);

// Changes the document or the variables of a request in one place.
export function damage(request, random, schema) {
  for (let tries = 0; tries < 20; tries += 1) {
    const { document } = request;
    const change = random.weighted(CHOICES);
    if (change({ request, document, parts: partsOf(document), random, schema })) return;
  }
}

// Changes the text of a document in one place.
export function damageTokens(tokens, random) {
  const place = random.between(0, tokens.length - 1);
  const kind = random.weighted([
    [3, 'remove'],
    [2, 'repeat'],
    [2, 'swap'],
    [4, 'insert'],
    [3, 'replace'],
    [1, 'cut'],
    [2, 'character'],
  ]);
  const changed = [...tokens];
  if (kind === 'remove') changed.splice(place, 1);
  else if (kind === 'repeat') changed.splice(place, 0, changed[place]);
  else if (kind === 'swap')
    [changed[place], changed[(place + 1) % changed.length]] = [changed[(place + 1) % changed.length], changed[place]];
  else if (kind === 'insert') changed.splice(place, 0, random.pick(TOKENS));
  else if (kind === 'replace') changed[place] = random.pick(TOKENS);
  else if (kind === 'cut') changed.length = place;
  else {
    const token = changed[place];
    const at = random.between(0, token.length);
    changed[place] = token.slice(0, at) + random.pick(TOKENS) + token.slice(at + random.between(0, 1));
  }
  return changed;
}
