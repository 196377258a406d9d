// Where graphql-js departs from the specification. Each entry has the paragraph that says so, and recognises its own
// requests only: it says that foaf is right to refuse one (`isRefused`), or puts it in other words that mean the same
// by that paragraph, and that graphql-js understands (`reread`).

import { getNullableType, isInputObjectType, print, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import { judge, schema } from './judge.mjs';

export const KNOWN = [
  {
    paragraph: '5.8.5',
    reason:
      'A field of a oneOf input object is a non-null position; graphql-js lets a nullable variable through where the object itself may not be null.',
    isRefused: ({ judged: { document }, told }) =>
      nullableOneOfVariables(document).some((name) => told.includes(`variable \`$${name}\``)),
  },
  {
    paragraph: '3.5.3',
    reason: 'A String is Unicode text; graphql-js takes a lone surrogate, which is none.',
    isRefused: ({ read }) => hasLoneSurrogate(read),
  },
  {
    paragraph: '5.3.2',
    reason:
      '`__typename` is a field of type String!, and what shares its response key has to be of that type; graphql-js does not compare it.',
    isRefused: ({ judged: { document }, told }) =>
      keysSharedWithTypename(document).some((key) => told.includes(`different types using the same name \`${key}\``)),
  },
  {
    paragraph: '2.9.4',
    reason: 'A variable-width escape has any number of hexadecimal digits; graphql-js takes eight at most.',
    reread: ({ read }) => withQuery(read, read.query.replace(/\\u\{0+([0-9a-fA-F]{1,6})\}/g, '\\u{$1}')),
  },
  {
    paragraph: '2.9.4',
    reason:
      'A string and a block string of the same value are the same value; graphql-js compares how they are written.',
    reread: ({ read, judged: { verdict, document } }) =>
      document && verdict === 'refused' ? withQuery(read, print(withoutBlockStrings(document)), document) : undefined,
  },
  {
    paragraph: '6.3.2',
    reason:
      'A selection is left out where the `if` of @skip is true, or that of @include is not; graphql-js makes an error of a null, which is neither true nor false.',
    reread: ({ read, judged: { verdict, document } }) =>
      verdict === 'executed' ? withQuery(read, print(withoutNullConditions(document, read)), document) : undefined,
  },
];

// The same request in other words, for each entry that has any for it.
export function rereadings(read) {
  const found = { read, judged: judge(read) };
  return KNOWN.map((entry) => entry.reread?.(found)).filter(Boolean);
}

// The same request with another document; nothing if it is no other.
function withQuery(read, query, document) {
  return query === (document ? print(document) : read.query) ? undefined : { ...read, query };
}

// The variables that may be null and stand for a field of a oneOf input object.
function nullableOneOfVariables(document) {
  const types = new TypeInfo(schema);
  const nullable = new Set();
  const found = new Set();
  visit(
    document,
    visitWithTypeInfo(types, {
      VariableDefinition({ variable, type, defaultValue }) {
        const hasDefault = defaultValue && defaultValue.kind !== 'NullValue';
        if (!hasDefault && type.kind !== 'NonNullType') nullable.add(variable.name.value);
      },
      ObjectField({ value }) {
        const parent = getNullableType(types.getParentInputType());
        if (isInputObjectType(parent) && parent.isOneOf && value.kind === 'Variable') found.add(value.name.value);
      },
    }),
  );
  return [...found].filter((name) => nullable.has(name));
}

// The response keys that stand both for `__typename` and for another field.
function keysSharedWithTypename(document) {
  const [typenames, others] = [new Set(), new Set()];
  visit(document, {
    Field: ({ alias, name }) => void (name.value === '__typename' ? typenames : others).add((alias ?? name).value),
  });
  return [...typenames].filter((key) => others.has(key));
}

function hasLoneSurrogate(value) {
  if (typeof value === 'string') return !value.isWellFormed();
  return (
    value !== null && typeof value === 'object' && Object.entries(value).some((entry) => entry.some(hasLoneSurrogate))
  );
}

function withoutBlockStrings(document) {
  return visit(document, { StringValue: (node) => (node.block ? { ...node, block: false } : undefined) });
}

// Null counts as false, for @skip as for @include: with the word in the place of the variables that are null.
function withoutNullConditions(document, { variables }) {
  const isNull = ({ kind, name }) => kind === 'Variable' && variables?.[name.value] === null;
  const used = new Set();
  const changed = visit(document, {
    Directive: (node) => ({
      ...node,
      arguments: node.arguments.map((argument) =>
        isNull(argument.value) ? { ...argument, value: { kind: 'BooleanValue', value: false } } : argument,
      ),
    }),
  });
  visit(changed, { VariableDefinition: () => false, Variable: ({ name }) => void used.add(name.value) });
  return visit(changed, { VariableDefinition: ({ variable }) => (used.has(variable.name.value) ? undefined : null) });
}
