// Prints documents, with as much odd white space as a reader has to put up with.
//
// A document is a tree of plain objects. It can also hold what no valid document holds: `{ kind: 'raw', text }` stands
// wherever a definition, a selection or a value stands, and is printed as it is.

// The tokens of a document, each a piece of text that white space may surround.
export function tokensOf(document) {
  const tokens = [];
  document.definitions.forEach((definition) => printDefinition(definition, tokens));
  return tokens;
}

function printDefinition(definition, out) {
  if (definition.kind === 'raw') return out.push(definition.text);
  if (definition.description) out.push(definition.description);
  if (definition.kind === 'fragment') {
    out.push('fragment', definition.name, 'on', definition.on);
  } else if (!definition.isShort) {
    out.push(definition.operation);
    if (definition.name) out.push(definition.name);
    if (definition.variables.length > 0 || definition.hasEmptyVariables) {
      out.push('(');
      definition.variables.forEach((variable) => printVariable(variable, out));
      out.push(')');
    }
  }
  printDirectives(definition.directives, out);
  return printSet(definition.set, out);
}

function printVariable(variable, out) {
  if (variable.description) out.push(variable.description);
  out.push('$', variable.name, ':', ...(variable.type.match(/\w+|\W/g) ?? []));
  if (variable.default !== undefined) {
    out.push('=');
    printValue(variable.default, out);
  }
  printDirectives(variable.directives, out);
}

function printDirectives(directives, out) {
  for (const directive of directives) {
    out.push('@', directive.name);
    printArguments(directive.args, out);
  }
}

function printArguments(args, out) {
  if (args.length === 0) return;
  out.push('(');
  for (const { name, value } of args) {
    out.push(name, ':');
    printValue(value, out);
  }
  out.push(')');
}

function printSet(set, out) {
  if (!set) return;
  out.push('{');
  for (const selection of set.selections) {
    switch (selection.kind) {
      case 'field':
        if (selection.alias) out.push(selection.alias, ':');
        out.push(selection.name);
        printArguments(selection.args, out);
        break;
      case 'spread':
        out.push('...', selection.name);
        break;
      case 'inline':
        out.push('...');
        if (selection.on) out.push('on', selection.on);
        break;
      default:
        out.push(selection.text);
        continue;
    }
    printDirectives(selection.directives, out);
    printSet(selection.set, out);
  }
  out.push('}');
}

export function printValue(value, out) {
  switch (value.kind) {
    case 'variable':
      out.push('$', value.name);
      break;
    case 'list':
      out.push('[');
      value.items.forEach((item) => printValue(item, out));
      out.push(']');
      break;
    case 'object':
      out.push('{');
      for (const field of value.fields) {
        out.push(field.name, ':');
        printValue(field.value, out);
      }
      out.push('}');
      break;
    default:
      out.push(value.text);
  }
}

const ODD_SPACES = [
  '\n',
  '\t',
  '\r',
  '\r\n',
  ',',
  ',,',
  ' , ',
  '  ',
  '\ufeff',
  '# a comment\n',
  '#\r',
  '# "é😀 }{\n',
  ' #"""\n',
];
const WORDLIKE = /[\w"]$/;
const WORDLIKE_START = /^[\w".$@-]/;

// Joins tokens; `noise` is the probability of something odd between two of them.
export function layOut(tokens, random, noise) {
  let text = random.chance(noise) ? random.pick(ODD_SPACES) : '';
  tokens.forEach((token, place) => {
    const before = tokens[place - 1];
    if (place > 0) {
      const needsSpace = WORDLIKE.test(before) && WORDLIKE_START.test(token);
      if (random.chance(noise)) text += random.pick(ODD_SPACES);
      else if (needsSpace || (noise === 0 ? before !== '$' && before !== '@' : random.chance(0.5))) text += ' ';
    }
    text += token;
  });
  return random.chance(noise) ? text + random.pick(ODD_SPACES) : text;
}
