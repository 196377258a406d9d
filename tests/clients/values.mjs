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
