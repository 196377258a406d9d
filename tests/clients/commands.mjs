// Builds random mutations of a few commands, valid as a rule: their inputs are written in all the ways that there are.

import { getNamedType, isEnumType, isInputObjectType, isNonNullType } from 'graphql';
import { Builder } from './build.mjs';
import { damage, damageTokens } from './damage.mjs';
import { layOut, tokensOf } from './print.mjs';
import { idOf } from './rules.mjs';
import { text } from './values.mjs';

const raw = (value) => ({ kind: 'raw', text: value });

// The inputs of commands: fresh ones, and such as are refused because of what there is.
export class Inputs {
  #made = 0;

  constructor(random, facts) {
    Object.assign(this, { random, facts });
    this.sent = [];
  }

  // `users` are those that earlier documents made; names of a run begin with its prefix.
  start(model) {
    this.prefix = model.prefix;
    this.users = [...model.users.values()].filter(({ handle, id }) => id && !model.foreign.has(handle));
  }

  // The input of a command, in JSON.
  of(command) {
    const { random, sent } = this;
    const known = sent.filter(({ input }) => input.idempotencyKey.startsWith(this.prefix)).slice(-30);
    const same = known.filter((earlier) => earlier.command === command);
    if (same.length > 0 && random.chance(0.15)) return structuredClone(random.pick(same).input);
    if (known.length > 0 && random.chance(0.06))
      return { ...this.#fresh(command), idempotencyKey: random.pick(known).input.idempotencyKey };
    const input = this.#fresh(command);
    if (random.chance(0.35)) {
      input.idempotencyKey = random.chance(0.95) ? this.#name('k') : random.pick(['', this.prefix.padEnd(256, 'é')]);
      sent.push({ command, input });
    }
    return input;
  }

  #name(sort) {
    this.#made += 1;
    return `${this.prefix}${sort}${this.#made}`;
  }

  #fresh(command) {
    const { random } = this;
    if (command === 'registerUser') return this.#registration();
    const user = this.#user();
    if (command === 'suspendUser') return { user };
    return { user, other: random.chance(0.03) ? user : this.#user() };
  }

  #registration() {
    const { random, users, facts } = this;
    const handle = random.weighted([
      [75, () => this.#name('u')],
      [8, () => this.#name('U')],
      [users.length > 0 ? 10 : 0, () => random.pick(users).handle],
      [3, () => random.pick(facts.handles)],
      [4, () => random.pick(['', 'a b', 'é', 'x'.repeat(65)])],
    ])();
    const input = {
      handle,
      firstName: random.chance(0.97) ? random.pick(['Ann', 'Zoë', '李']) : random.pick(['', ' ', '\t']),
    };
    if (random.chance(0.3)) input.lastName = random.chance(0.9) ? random.pick(['Lee', null]) : '';
    if (random.chance(0.3)) input.state = random.pick(['ACTIVE', 'ACTIVE', 'ACTIVE', 'PENDING']);
    if (random.chance(0.1)) input.uuid = random.chance(0.6) ? this.#uuid() : random.pick([...facts.uuids, 'x', null]);
    return input;
  }

  // The id of a user, so that a few are met again and again.
  #user() {
    const { random, users } = this;
    const met = users.slice(-12);
    return met.length > 0 && random.chance(0.95) ? random.pick(met).id : random.pick([idOf(this.#uuid()), 'x', '']);
  }

  // Of this run, whatever the seed.
  #uuid() {
    this.#made += 1;
    const digits = Buffer.from(`${this.prefix}${this.#made}`).toString('hex').padEnd(32, '0');
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5');
  }
}

class CommandBuilder extends Builder {
  constructor(schema, facts, random, inputs) {
    super(schema, facts, random);
    this.inputs = inputs;
  }

  definition(type, isFull, depth, within) {
    if (type !== this.schema.getMutationType()) return super.definition(type, isFull, depth, within);
    if (this.random.chance(0.05)) return { name: '__typename', args: [], type: this.schema.getType('String') };
    const command = this.random.weighted([
      [46, 'registerUser'],
      [22, 'addFriend'],
      [26, 'sendFriendRequest'],
      [6, 'suspendUser'],
    ]);
    return type.getFields()[command];
  }

  wanted(type, depth) {
    return type === this.schema.getMutationType() ? this.random.between(2, 5) : super.wanted(type, depth);
  }

  // What is asked of an answer is short, so that there are many commands.
  set(type, depth, within) {
    if (!type.name.endsWith('Payload')) return super.set(type, depth, within);
    const { left } = this;
    this.left = Math.min(left, this.random.between(1, 8));
    const set = super.set(type, depth, within);
    this.left = left - 1;
    return set;
  }

  // They keep commands from being run.
  directives() {
    return super.directives(0.2);
  }

  argument(arg, definition) {
    if (arg.name !== 'input') return super.argument(arg, definition);
    return { name: arg.name, value: this.written(arg.type, this.inputs.of(definition.name), false) };
  }

  // A value in one of the ways in which it can be given at a place of that type.
  written(type, json, hasDefault) {
    const { random } = this;
    if (random.chance(0.25)) return { kind: 'variable', name: this.holding(type, json, hasDefault) };
    return this.literalOf(getNamedType(type), json);
  }

  literalOf(type, json) {
    const { random } = this;
    if (json === null) return raw('null');
    if (isEnumType(type)) return raw(json);
    if (!isInputObjectType(type)) return raw(text(json, random));
    const fields = [];
    for (const { name, type: of, default: usual } of Object.values(type.getFields())) {
      if (json[name] !== undefined) fields.push({ name, value: this.written(of, json[name], usual !== undefined) });
      // A variable that is not given leaves the field out.
      else if (!isNonNullType(of) || usual !== undefined) {
        if (random.chance(0.08)) fields.push({ name, value: { kind: 'variable', name: this.absent(of, usual) } });
      }
    }
    if (random.chance(0.3)) fields.reverse();
    return { kind: 'object', fields };
  }

  // The name of a variable that has this value.
  holding(type, json, hasDefault) {
    const { random } = this;
    const isNonNull = isNonNullType(type);
    const bare = getNamedType(type);
    const other = this.constantOf(bare, isInputObjectType(bare) ? json : isEnumType(bare) ? 'PENDING' : 'other');
    const own = this.constantOf(bare, json);
    const mayBeNull = !isNonNull || hasDefault;
    const [form, usual, value] = random.weighted([
      [json === null ? 0 : 40, ['!', undefined, json]],
      [json === null ? 0 : 8, ['!', own, undefined]],
      [json === null ? 0 : 8, ['!', other, json]],
      [isNonNull && json === null ? 0 : 12, ['', own, undefined]],
      [isNonNull && json === null ? 0 : 12, ['', other, json]],
      [mayBeNull ? 30 : 0, ['', undefined, json]],
      // An error of the field where null is not allowed.
      [4, ['', other, null]],
    ]);
    return this.#declared(`${bare}${form}`, usual, value);
  }

  absent(type, usual) {
    const isNull = usual !== undefined && this.random.chance(0.3);
    return this.#declared(`${getNamedType(type)}`, undefined, isNull ? null : undefined);
  }

  #declared(type, usual, value) {
    const name = `i${this.variables.size}`;
    this.variables.set(name, { name, type, default: usual, value });
    return name;
  }

  // Without variables.
  constantOf(type, json) {
    if (json === null) return raw('null');
    if (isEnumType(type)) return raw(json);
    if (!isInputObjectType(type)) return raw(text(json, this.random));
    const fields = Object.entries(json).map(([name, value]) => ({
      name,
      value: this.constantOf(getNamedType(type.getFields()[name].type), value),
    }));
    return { kind: 'object', fields };
  }
}

// A function that gives one mutation after the other; `inputs` has to know the present model.
export function mutations(schema, facts, random, inputs) {
  return () => {
    const builder = new CommandBuilder(schema, facts, random, inputs);
    const request = builder.request('Mutation');
    request.document = JSON.parse(JSON.stringify(request.document));
    const damages = random.weighted([
      [60, 0],
      [28, 1],
      [7, 2],
      [5, 4],
    ]);
    for (let done = 0; done < damages; done += 1) damage(request, random, schema);
    const tokens = tokensOf(request.document);
    const isText = random.chance(0.06) && tokens.length > 0;
    const query = layOut(isText ? damageTokens(tokens, random) : tokens, random, random.chance(0.2) ? 0.05 : 0);
    return { query, variables: request.variables, operationName: request.operationName };
  };
}
