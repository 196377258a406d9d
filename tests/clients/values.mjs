// Values for arguments and variables: sensible ones of each type, and odd ones of any kind.

import { isEnumType } from 'graphql';

// A number of JSON as it is written, such as `1.0`, which JavaScript would write otherwise.
export class Written {
  constructor(digits) {
    this.digits = digits;
  }
}

// The text of a JSON value in which numbers may stand as they are written.
export function toJson(value) {
  if (value instanceof Written) return value.digits;
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (value && typeof value === 'object') {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${toJson(member)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

const raw = (textOfValue) => ({ kind: 'raw', text: textOfValue });

// A text as a literal: in one of the ways in which it can be written.
export function text(value, random) {
  const form = random.weighted([
    [80, 'plain'],
    [6, 'fixed'],
    [5, 'variable'],
    [9, 'block'],
  ]);
  const simple = /^[\x20-\x7e]*$/.test(value) && !/["\\]/.test(value);
  if (form === 'block' && simple && value.trim() === value && value !== '') {
    return random.pick([`"""${value}"""`, `"""\n  ${value}\n  """`, `"""\n\n${value}\r\n\t\n"""`]);
  }
  const place = random.between(0, Math.max(0, value.length - 1));
  const code = value.charCodeAt(place);
  if (form === 'plain' || form === 'block' || !simple || value === '') return JSON.stringify(value);
  const hex = code.toString(16);
  const escape =
    form === 'fixed'
      ? `\\u${hex.padStart(4, '0')}`
      : `\\u{${random.chance(0.5) ? hex.toUpperCase() : hex.padStart(6, '0')}}`;
  return `"${value.slice(0, place)}${escape}${value.slice(place + 1)}"`;
}

// A sensible value of a leaf type for an argument or a field of that name, as a literal and as JSON.
export function leaf(type, name, facts, random) {
  if (isEnumType(type)) {
    const { name: value } = random.pick(type.getValues());
    return { literal: raw(value), json: value };
  }
  const of = (value) => ({
    literal: raw(typeof value === 'string' ? text(value, random) : String(value)),
    json: value,
  });
  switch (type.name) {
    case 'Boolean':
      return of(random.chance(0.5));
    case 'Int':
      return of(number(name, random));
    case 'Float':
      return of(random.pick([0, 1.5, -2]));
    case 'ID':
      return of(id(name, facts, random));
    case 'Position':
      return of(random.chance(0.8) ? facts.position : random.pick(['', 'x', 7, true]));
    default:
      return of(words(name, facts, random));
  }
}

function number(name, random) {
  switch (name) {
    case 'depth':
      return random.between(2, 4);
    case 'maxLength':
      return random.between(1, 6);
    case 'waitMs':
      return random.between(0, 50);
    default:
      return random.chance(0.97) ? random.between(1, 5) : random.pick([0, -1, 501, 2147483647, -2147483648]);
  }
}

function id(name, facts, random) {
  const isNode = name === 'id' || name === 'ids';
  return random.weighted([
    [isNode ? 55 : 92, random.pick(facts.users)],
    [isNode ? 38 : 2, random.pick(facts.friendships)],
    [3, random.pick(['', 'x', 'VXNlcjp4'])],
    [3, random.pick([0, 7, -1])],
  ]);
}

function words(name, facts, random) {
  switch (name) {
    case 'handle':
      return random.chance(0.9) ? random.pick(facts.handles) : random.pick(['nobody', '', 'Valjean', 'é']);
    case 'uuid':
      return random.chance(0.9) ? random.pick(facts.uuids) : 'x';
    case 'handlePrefix':
      return random.pick(['', 'm', 'c', 'V', 'zz']);
    case 'after':
    case 'before':
      return random.chance(0.6) ? random.pick(facts.cursors) : random.pick(['', 'x']);
    case 'name':
      return random.pick([
        'User',
        'Node',
        'UserBy',
        'UserState',
        'Position',
        '__Type',
        'Int',
        'Nothing',
        'RegisterUserInput',
      ]);
    default:
      return random.pick(['a', 'b c', 'é', '😀', 'k1']);
  }
}

// Literals at the edges of the language, right and wrong ones.
export const ODD_LITERALS = [
  '0',
  '-0',
  '1',
  '-1',
  '2147483647',
  '2147483648',
  '-2147483648',
  '-2147483649',
  '0012',
  '00',
  '-01',
  '1.0',
  '-0.0',
  '1e3',
  '1E+3',
  '1e-3',
  '1e400',
  '1.',
  '.5',
  '1.e1',
  '1e',
  '+1',
  '--1',
  '-',
  '1_000',
  '0x10',
  '1a',
  '1.5b',
  '1.2.3',
  '9007199254740993',
  '99999999999999999999999999',
  '1.5',
  '3.0e0',
  'true',
  'false',
  'null',
  'True',
  'NULL',
  'ACTIVE',
  'active',
  'ID',
  'NAME',
  'id',
  'on',
  '_',
  '"ID"',
  '"ACTIVE"',
  '"true"',
  '"1"',
  '""',
  '"x"',
  '"é"',
  '"\\u00e9"',
  '"\\u{e9}"',
  '"\\u{1F600}"',
  '"\\u{00001F600}"',
  '"\\uD83D\\uDE00"',
  '"\\ud83d\\ude00"',
  '"😀"',
  '"\\ud83d"',
  '"\\ude00"',
  '"\\ude00\\ud83d"',
  '"\\u{d83d}\\u{de00}"',
  '"\\ud83d\\u{de00}"',
  '"\\u{110000}"',
  '"\\u{10FFFF}"',
  '"\\u{}"',
  '"\\u{1F600"',
  '"\\u{g}"',
  '"\\u12"',
  '"\\u12g4"',
  '"\\U0041"',
  '"\\n\\t\\r\\b\\f\\/\\\\\\""',
  '"\\x41"',
  '"\\0"',
  '"\\a"',
  '"\\\'"',
  '"\\v"',
  '"\\\n"',
  '"a\nb"',
  '"a\rb"',
  '"a\tb"',
  '"a\u2028b"',
  '"a\u0000b"',
  '"a\u0007b"',
  '"a\u007fb"',
  '"a\ufeffb"',
  '"\\"',
  '"',
  '"x',
  'x"',
  '"""x"""',
  '""""""',
  '"""\n"""',
  '""" " """',
  '""" "" """',
  '"""a"""""',
  '"""\\""""""',
  '"""\\"""',
  '"""\\n\\u00e9\\x"""',
  '"""\n  a\n    b\n  c\n"""',
  '"""\r\n\ta\r\tb"""',
  '"""\u0000"""',
  '"""x',
  '"""x""',
  "'x'",
  '`x`',
  '[]',
  '[1]',
  '[null]',
  '[[1]]',
  '[[]]',
  '["x"]',
  '[1,]',
  '[,]',
  '[1 2]',
  '[1, "x"]',
  '[ID]',
  '[',
  '[1',
  ']',
  '{}',
  '{a: 1}',
  '{id: "x"}',
  '{id: 7}',
  '{id: 1.5}',
  '{handle: "valjean"}',
  '{handle: "valjean", id: null}',
  '{handle: "valjean", uuid: "x"}',
  '{handle: null}',
  '{handle: valjean}',
  '{handle: ["valjean"]}',
  '{handle: "valjean" handle: "cosette"}',
  '{state: ACTIVE}',
  '{state: "ACTIVE"}',
  '{state: null}',
  '{handlePrefix: 1}',
  '{handlePrefix: "m",}',
  '{,}',
  '{a}',
  '{a:}',
  '{"a": 1}',
  '{a: {b: [1, {c: $v0}]}}',
  '{a: $undefined}',
  '{',
  '$',
  '$undefined',
  '$v0',
  '$1',
  '$$v0',
  '[$undefined]',
  '{id: $undefined}',
  '@',
  '&',
  '|',
  '!',
  '=',
  ':',
  '...',
  '',
  '\\',
  '%',
  '~',
  '?',
  'a-b',
  'é',
];

// Values of JSON that fit no place, or more places than one would think.
export const ODD_JSON = [
  null,
  true,
  false,
  0,
  1,
  -1,
  2,
  2147483647,
  2147483648,
  -2147483648,
  -2147483649,
  1.5,
  1e300,
  '',
  'x',
  '1',
  'true',
  'ID',
  'id',
  'ACTIVE',
  'active',
  'NAME',
  'é',
  '😀',
  '\u0000',
  '\ud800',
  'a\udc00b',
  new Written('1.0'),
  new Written('-0'),
  new Written('-0.0'),
  new Written('1e0'),
  new Written('1E2'),
  new Written('12345678901234567890'),
  new Written('123456789012345678901234567890'),
  new Written('0.1e1'),
  new Written('1e20'),
  new Written('9007199254740993'),
  [],
  [1],
  ['x'],
  [null],
  [[1]],
  [[]],
  [1, 'x'],
  ['ACTIVE'],
  {},
  { a: 1 },
  { id: 'x' },
  { id: 7 },
  { id: 1.5 },
  { id: null },
  { handle: 'valjean' },
  { handle: null },
  { handle: 'valjean', id: null },
  { handle: 'valjean', uuid: 'x' },
  { handle: ['valjean'] },
  { handle: 7 },
  { state: 'ACTIVE' },
  { state: 'active' },
  { state: null },
  { handlePrefix: 'm' },
  { handlePrefix: 1 },
  { handlePrefix: null, state: 'ACTIVE' },
  { __proto__: null, length: 1 },
];
