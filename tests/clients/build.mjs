// Builds random valid documents: operations, fragments and variables of any schema, below the limits of a request.
//
// Valid as a rule, not always: the judge has the last word, and a document that he refuses is as good a test.

import { getNamedType, isInterfaceType, isLeafType, isRequiredArgument } from 'graphql';
import { ValueBuilder } from './build-values.mjs';
import { text } from './values.mjs';

const MAX_FIELDS = 30;
const MAX_DEPTH = 11;
// The lists of the introspection of which graphql-js allows two within each other.
const PAGES =
  /^(friends|users|events|history|blockedUsers|friendRequests|friendsOfFriends|mutualFriends|recommendations|because)$/;
const INTROSPECTION_LISTS = ['fields', 'interfaces', 'possibleTypes', 'inputFields'];

export class Builder extends ValueBuilder {
  // `facts` tell what there is in the graph: ids, handles, cursors.
  constructor(schema, facts, random) {
    super(facts, random);
    this.schema = schema;
    this.fragments = [];
    // For each type, what its response keys stand for so far: the same key must mean the same.
    this.keys = new Map();
    this.left = MAX_FIELDS;
  }

  // A request: its document, the values of its variables, and the name of its operation.
  request(rootName = 'Query') {
    const { random } = this;
    const operation = rootName.toLowerCase();
    const root = this.schema.getType(rootName);
    const operations = [this.operation(operation, root)];
    while (random.chance(0.08)) operations.push(this.operation('query', this.schema.getQueryType()));
    const isAlone = operations.length === 1;
    operations.forEach((made, place) => {
      if (!isAlone || random.chance(0.5))
        made.name = random.chance(0.9)
          ? `Q${place}`
          : random.pick(['query', 'on', 'true', 'fragment', '_', '__q']) + place;
    });
    const definitions = [...operations, ...this.fragments];
    // Definitions stand in any order.
    if (random.chance(0.5)) definitions.reverse();
    const document = { definitions };
    operations.forEach((made) => this.declare(made));
    const [first] = operations;
    first.isShort =
      !first.name &&
      operation === 'query' &&
      first.variables.length === 0 &&
      first.directives.length === 0 &&
      random.chance(0.6);
    for (const definition of definitions) {
      if (!definition.isShort && random.chance(0.04)) definition.description = text('What it is for.', random);
    }
    const chosen = random.pick(operations).name;
    const operationName = isAlone && random.chance(0.7) ? undefined : (chosen ?? null);
    const variables = {};
    for (const variable of this.variables.values()) {
      if (variable.value !== undefined) variables[variable.name] = variable.value;
    }
    return { document, variables, operationName };
  }

  operation(operation, root) {
    return {
      kind: 'operation',
      operation,
      variables: [],
      directives: [],
      set: this.set(root, 0, { wide: 1, lists: 0 }),
    };
  }

  // Declares the variables that an operation uses, its fragments included.
  declare(operation) {
    const used = usedVariables(operation, this.fragments);
    const known = [...this.variables.values()].filter(({ name }) => used.has(name));
    operation.variables = known.map(({ name, type, default: value }) => {
      const description = this.random.chance(0.02) ? text('A variable.', this.random) : undefined;
      return { description, name, type, default: value, directives: [] };
    });
  }

  // What is asked of a type; `within` has the number of objects that a list may give, and the lists of the
  // introspection.
  set(type, depth, within) {
    const { random } = this;
    const selections = [];
    const wanted = this.wanted(type, depth);
    for (let made = 0; made < wanted; made += 1) {
      const kind =
        depth >= MAX_DEPTH - 2
          ? 'field'
          : random.weighted([
              [62, 'field'],
              [18, 'inline'],
              [20, 'spread'],
            ]);
      if (kind === 'field' || this.left <= 0) selections.push(this.field(type, depth, within));
      else if (kind === 'inline') selections.push(this.inline(type, depth, within));
      else selections.push(this.spread(type, depth, within));
      if (this.left <= 0) break;
    }
    return { of: type.name, selections };
  }

  // How many selections a set gets.
  wanted(type, depth) {
    return this.random.between(1, depth === 0 ? 4 : 3);
  }

  field(type, depth, within) {
    const { random } = this;
    this.left -= 1;
    let known = this.keys.get(type.name);
    if (!known) this.keys.set(type.name, (known = new Map()));
    const isFull = this.left <= 0 || depth >= MAX_DEPTH;
    const fitting = [...known.values()].filter(
      (again) => isGiven('first', again.field) || !isPage(again.definition) || within.wide === 1,
    );
    if (fitting.length > 0 && !isFull && random.chance(0.35)) {
      const again = random.pick(fitting);
      return this.complete(structuredClone(again.field), again.definition, depth, within);
    }
    const definition = this.definition(type, isFull, depth, within);
    const args = definition.args.filter((arg) => this.gives(arg, definition, within));
    const field = {
      kind: 'field',
      parent: type.name,
      name: definition.name,
      args: args.map((arg) => this.argument(arg, definition)),
    };
    if (random.chance(0.02)) field.args.reverse();
    // Both types of the interface have it, and not of the same type.
    const differs = type.name === 'Friendship' && definition.name === 'state';
    if (differs ? random.chance(0.9) : random.chance(0.18)) field.alias = this.alias();
    while (isOther(known.get(field.alias ?? field.name), field)) field.alias = this.alias();
    known.set(field.alias ?? field.name, { field: structuredClone(field), definition });
    return this.complete(field, definition, depth, within);
  }

  definition(type, isFull, depth, within) {
    const { random } = this;
    const typename = { name: '__typename', args: [], type: this.schema.getType('String') };
    if (isInterfaceType(type) && random.chance(0.3)) return typename;
    if (random.chance(0.06)) return typename;
    const isRoot = type === this.schema.getQueryType();
    if (isRoot && !isFull && random.chance(0.1)) {
      return this.schema.getField(type, random.pick(['__schema', '__type']));
    }
    const fields = Object.values(type.getFields()).filter((field) => {
      const isLeaf = isLeafType(getNamedType(field.type));
      if (isFull) return isLeaf && field.args.every((arg) => !isRequiredArgument(arg));
      if (type.name.startsWith('__') && INTROSPECTION_LISTS.includes(field.name))
        return within.lists < 2 || random.chance(0.05);
      return within.wide <= 30 || !field.args.some((arg) => arg.name === 'first');
    });
    if (fields.length === 0) return typename;
    // Deep trees are rarer than leafs, and more telling.
    const composite = fields.filter((field) => !isLeafType(getNamedType(field.type)));
    return random.pick(composite.length > 0 && depth < 7 && random.chance(0.4) ? composite : fields);
  }

  gives(arg, definition, within) {
    const { random } = this;
    if (isRequiredArgument(arg)) return true;
    // Without a size a page is long, and with two it is refused.
    if (arg.name === 'first') return within.wide > 1 || random.chance(0.9);
    if (arg.name === 'last') return random.chance(0.02);
    if (arg.name === 'after' || arg.name === 'before') return random.chance(0.06);
    return random.chance(0.4);
  }

  argument(arg) {
    return {
      name: arg.name,
      value: this.value(arg.type, arg.name, arg.default !== undefined || arg.defaultValue !== undefined),
    };
  }

  complete(field, definition, depth, within) {
    field.directives = this.directives();
    const type = getNamedType(definition.type);
    if (isLeafType(type)) return field;
    const isList = INTROSPECTION_LISTS.includes(definition.name);
    field.set = this.set(type, depth + 1, {
      wide: within.wide * width(field, isPage(definition)),
      lists: within.lists + (isList ? 1 : 0),
    });
    return field;
  }

  alias() {
    const { random } = this;
    if (random.chance(0.06))
      return random.pick([
        'on',
        'query',
        'null',
        'true',
        '_',
        '__foaf_type',
        '__typename',
        '__proto__',
        'constructor',
        'id',
        'node',
      ]);
    this.aliases = (this.aliases ?? 0) + 1;
    return `a${random.chance(0.2) ? random.between(1, this.aliases) : this.aliases}`;
  }

  // A type condition under which something can be found where objects of that type are.
  condition(type) {
    const interfaces = type.getInterfaces?.() ?? [];
    const possible = isInterfaceType(type) ? this.schema.getPossibleTypes(type) : [];
    return this.random.pick([type, ...interfaces, ...possible]);
  }

  inline(type, depth, within) {
    this.left -= 0.5;
    const on = this.random.chance(0.25) ? undefined : this.condition(type);
    const directives = this.directives();
    return { kind: 'inline', parent: type.name, on: on?.name, directives, set: this.set(on ?? type, depth, within) };
  }

  spread(type, depth, within) {
    const { random } = this;
    this.left -= 0.5;
    const names = [
      type,
      ...(type.getInterfaces?.() ?? []),
      ...(isInterfaceType(type) ? this.schema.getPossibleTypes(type) : []),
    ].map(({ name }) => name);
    const fitting = this.fragments.filter(
      (fragment) =>
        names.includes(fragment.on) &&
        depth + fragment.height <= MAX_DEPTH &&
        within.wide * fragment.wide <= 150 &&
        within.lists + fragment.lists <= 2,
    );
    let fragment = fitting.length > 0 && random.chance(0.5) ? random.pick(fitting) : undefined;
    if (!fragment) {
      const on = this.condition(type);
      const set = this.set(on, depth, within);
      const name = `${random.chance(0.05) ? random.pick(['query', 'on_', 'type', '_', '__f', 'true']) : 'F'}${this.fragments.length}`;
      fragment = { kind: 'fragment', name, on: on.name, directives: [], set, ...measure(set, this.fragments) };
      this.fragments.push(fragment);
    }
    return { kind: 'spread', parent: type.name, name: fragment.name, directives: this.directives() };
  }

  directives(probability = 0.1) {
    const { random } = this;
    if (!random.chance(probability)) return [];
    const names = random.chance(0.15) ? ['skip', 'include'] : [random.chance(0.6) ? 'include' : 'skip'];
    const type = this.schema.getDirective('skip').args[0].type;
    return names.map((name) => ({ name, args: [{ name: 'if', value: this.value(type, 'if', false) }] }));
  }
}

const isPage = (definition) => definition.args.some(({ name }) => name === 'first');
const isGiven = (name, field) => field.args.some((arg) => arg.name === name);

// How many objects a field may give, those that are dear counted as many.
function width(field, isPaged) {
  if (field.name === 'path') return 6;
  if (!isPaged) return 1;
  const size = isGiven('first', field) ? 5 : 50;
  return field.name === 'history' || field.name === 'events' ? size * 10 : size;
}

// Whether a response key already stands for something else.
function isOther(known, field) {
  if (!known) return false;
  return known.field.name !== field.name || JSON.stringify(known.field.args) !== JSON.stringify(field.args);
}

// How deep a set is, how many objects it may multiply by, and how many lists of the introspection it nests.
function measure(set, fragments) {
  const size = { height: 0, wide: 1, lists: 0 };
  for (const selection of set.selections) {
    const fragment = selection.kind === 'spread' ? fragments.find(({ name }) => name === selection.name) : undefined;
    const below = fragment ?? (selection.set ? measure(selection.set, fragments) : { height: 0, wide: 1, lists: 0 });
    const isField = selection.kind === 'field';
    size.height = Math.max(size.height, below.height + (isField ? 1 : 0));
    size.wide = Math.max(size.wide, below.wide * (isField ? width(selection, PAGES.test(selection.name)) : 1));
    size.lists = Math.max(size.lists, below.lists + (isField && INTROSPECTION_LISTS.includes(selection.name) ? 1 : 0));
  }
  return size;
}

// The names of the variables below a part of a document.
function usedVariables(part, fragments, used = new Set(), seen = new Set()) {
  if (Array.isArray(part)) part.forEach((item) => usedVariables(item, fragments, used, seen));
  else if (part && typeof part === 'object') {
    if (part.kind === 'variable') used.add(part.name);
    if (part.kind === 'spread' && !seen.has(part.name)) {
      seen.add(part.name);
      usedVariables(fragments.find(({ name }) => name === part.name)?.set, fragments, used, seen);
    }
    Object.values(part).forEach((value) => usedVariables(value, fragments, used, seen));
  }
  return used;
}
