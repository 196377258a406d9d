// Builds random values of any input type, with variables in them.

import { getNamedType, isInputObjectType, isListType, isNonNullType, isRequiredInputField } from 'graphql';
import { leaf } from './values.mjs';

export class ValueBuilder {
  // `facts` tell what there is in the graph: ids, handles, cursors.
  constructor(facts, random) {
    Object.assign(this, { facts, random });
    this.variables = new Map();
  }

  // A value with variables in it.
  value(type, name, hasDefault) {
    const { random } = this;
    if (random.chance(0.28)) return { kind: 'variable', name: this.variable(type, name, hasDefault).name };
    if (isNonNullType(type)) return this.literal(type.ofType, name);
    return random.chance(0.06) ? { kind: 'raw', text: 'null' } : this.literal(type, name);
  }

  literal(type, name) {
    const { random } = this;
    if (isListType(type)) {
      if (random.chance(0.12)) return this.literal(getNamedType(type), name);
      const items = Array.from({ length: this.length(name) }, () => this.value(type.ofType, name, false));
      return { kind: 'list', items };
    }
    if (isInputObjectType(type)) {
      const fields = this.inputFields(type);
      return {
        kind: 'object',
        fields: fields.map((field) => ({ name: field.name, value: this.inputValue(type, field) })),
      };
    }
    return leaf(type, name, this.facts, random).literal;
  }

  inputValue(type, field) {
    // A field of a oneOf object is not null, whatever its type says.
    if (!type.isOneOf)
      return this.value(field.type, field.name, field.default !== undefined || field.defaultValue !== undefined);
    if (!this.random.chance(0.28)) return this.literal(field.type, field.name);
    return { kind: 'variable', name: this.variable(field.type, field.name, false, true).name };
  }

  inputFields(type) {
    const fields = Object.values(type.getFields());
    if (type.isOneOf) return [this.random.pick(fields)];
    return fields.filter((field) => isRequiredInputField(field) || this.random.chance(0.4));
  }

  length(name) {
    return name === 'between' && this.random.chance(0.9) ? 2 : this.random.between(0, 3);
  }

  // A variable for a place of that type, with the value that the request gives it; none is given if it is undefined.
  variable(type, name, hasDefault, isOneOf = false) {
    const { random } = this;
    const isNonNull = isNonNullType(type) || isOneOf;
    const bare = isNonNullType(type) ? type.ofType : type;
    const known = [...this.variables.values()].filter(
      (variable) => variable.type === `${bare}!` || (!isNonNull && variable.type === `${bare}`),
    );
    if (known.length > 0 && random.chance(0.4)) return random.pick(known);
    const variable = { name: `v${this.variables.size}` };
    if (random.chance(0.03))
      variable.name = `${random.pick(['on', '_', 'null', '__v', 'query'])}${this.variables.size}`;
    let form = isNonNull
      ? random.weighted([
          [60, 'required'],
          [isOneOf ? 0 : 20, 'default'],
          [hasDefault ? 20 : 0, 'nullable'],
        ])
      : random.weighted([
          [20, 'required'],
          [30, 'default'],
          [50, 'nullable'],
        ]);
    if (form === 'required' && random.chance(0.2)) form = 'required with default';
    variable.type = form.startsWith('required') ? `${bare}!` : `${bare}`;
    const constant = this.constant(bare, name);
    if (form.endsWith('default')) {
      const isNull = !isNonNull && form === 'default' && random.chance(0.1);
      variable.default = isNull ? { kind: 'raw', text: 'null' } : this.constant(bare, name).literal;
    }
    variable.value = constant.json;
    if (variable.default !== undefined && random.chance(0.4)) variable.value = undefined;
    else if (!form.startsWith('required')) {
      if (random.chance(0.15)) variable.value = null;
      else if (random.chance(0.15)) variable.value = undefined;
    }
    this.variables.set(variable.name, variable);
    return variable;
  }

  // A value without variables, as a literal and as JSON.
  constant(type, name) {
    const { random } = this;
    if (isNonNullType(type)) return this.constant(type.ofType, name);
    if (isListType(type)) {
      const items = Array.from({ length: this.length(name) }, () => this.constant(type.ofType, name));
      if (items.length === 1 && random.chance(0.3)) return items[0];
      return {
        literal: { kind: 'list', items: items.map((item) => item.literal) },
        json: items.map((item) => item.json),
      };
    }
    if (isInputObjectType(type)) {
      const fields = this.inputFields(type).map((field) => {
        const isNull = !type.isOneOf && !isNonNullType(field.type) && random.chance(0.1);
        const constant = isNull
          ? { literal: { kind: 'raw', text: 'null' }, json: null }
          : this.constant(field.type, field.name);
        return { name: field.name, ...constant };
      });
      return {
        literal: { kind: 'object', fields: fields.map(({ name, literal }) => ({ name, value: literal })) },
        json: Object.fromEntries(fields.map(({ name, json }) => [name, json])),
      };
    }
    return leaf(type, name, this.facts, random);
  }
}
