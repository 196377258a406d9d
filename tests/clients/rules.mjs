// The rules of a few commands, as far as random mutations need them: what foaf has to answer, and what it has to write
// into an embedded log. `src/domain/decide.rs` and `src/command_handler.rs` have the rules themselves.

import { GraphQLError } from 'graphql';
import { positionOf, tokenAt } from './client.mjs';

export const COMMANDS = ['registerUser', 'addFriend', 'sendFriendRequest', 'suspendUser'];

// What these rules say nothing about.
export class Unmodelled extends Error {}

// Who there is, what stands between them, and which commands were named by a key.
export class Model {
  constructor({ users = [], pairs = [], keys = [], foreign = [], prefix }) {
    // By handle, since the id of a new user is known later.
    this.users = new Map(users);
    this.pairs = new Map(pairs);
    this.keys = new Map(keys);
    // The handles of those who are not from this run: whose friends they are, nobody here knows.
    this.foreign = new Set(foreign);
    this.prefix = prefix;
  }

  copy() {
    return new Model(this);
  }

  userOf(id) {
    return [...this.users.values()].find((user) => user.id === id);
  }

  change(handle, change) {
    this.users.set(handle, { ...this.users.get(handle), ...change });
  }

  // What a command comes to: `{ user, other, refusal, isRecorded, position }`. `end` is the position of the last record.
  run(command, input, end) {
    const key = input.idempotencyKey ?? undefined;
    const act = this[command];
    if (!COMMANDS.includes(command)) throw new Unmodelled(command);
    const { content, permanent, decide } = act.call(this, input);
    if (key !== undefined && (key === '' || Buffer.byteLength(key) > 255)) throw badInput();
    if (permanent) return { refusal: permanent, position: end };
    if (key !== undefined && !key.startsWith(this.prefix)) throw new Unmodelled('a key of another run');
    const first = this.keys.get(key);
    if (first && first.content !== content) throw fault('IDEMPOTENCY_KEY_REUSED');
    if (first) return { ...first.outcome, isRecorded: false };
    const outcome = decide();
    const isRecorded = outcome.refusal ? key !== undefined && outcome.refusal.code !== 'SELF' : true;
    const decided = { ...outcome, isRecorded, position: isRecorded ? end + 1n : end };
    if (isRecorded && key !== undefined) this.keys.set(key, { content, outcome: decided });
    return decided;
  }

  registerUser({ handle: text, firstName, lastName = null, state, uuid = null }) {
    if (uuid !== null && !isUuid(uuid)) throw badInput();
    const folded = [...text].map((letter) => letter.toLowerCase()).join('');
    const permanent = !/^[a-z0-9._-]{1,64}$/.test(folded)
      ? refused('INVALID_HANDLE', 'handle')
      : !isName(firstName)
        ? refused('INVALID_NAME', 'firstName')
        : lastName !== null && !isName(lastName)
          ? refused('INVALID_NAME', 'lastName')
          : undefined;
    const id = uuid === null ? undefined : idOf(uuid);
    const decide = () => {
      if (id && this.userOf(id)) return { refusal: refused('ID_TAKEN', 'uuid') };
      if (this.users.has(folded)) return { refusal: refused('HANDLE_TAKEN', 'handle') };
      this.users.set(folded, { handle: folded, firstName, lastName, state, id });
      return { user: folded };
    };
    return { content: JSON.stringify(['register', folded, firstName, lastName, state, id]), permanent, decide };
  }

  suspendUser({ user: id }) {
    checkId(id);
    const decide = () => {
      const user = this.userOf(id);
      if (!user) return { refusal: refused('UNKNOWN_USER', 'user') };
      if (user.state !== 'ACTIVE') return { refusal: refused('WRONG_STATE', 'user') };
      this.change(user.handle, { state: 'SUSPENDED' });
      return { user: user.handle };
    };
    return { content: JSON.stringify(['suspend', id]), decide };
  }

  sendFriendRequest(input) {
    return this.#befriend('request', input, (asked, user) => (asked && asked !== user ? 'FRIENDS' : user));
  }

  addFriend(input) {
    return this.#befriend('add', input, () => 'FRIENDS');
  }

  // A pair is FRIENDS, or the handle of the one who asked.
  #befriend(name, { user: id, other: otherId }, become) {
    [id, otherId].forEach(checkId);
    const decide = () => {
      if (id === otherId) return { refusal: refused('SELF', 'other') };
      const both = [
        [this.userOf(id), 'user'],
        [this.userOf(otherId), 'other'],
      ];
      for (const [user, field] of both) {
        if (!user) return { refusal: refused('UNKNOWN_USER', field) };
        if (user.state !== 'ACTIVE') return { refusal: refused('USER_NOT_ACTIVE', field) };
      }
      const [user, other] = both.map(([{ handle }]) => handle);
      if ([user, other].every((handle) => this.foreign.has(handle))) throw new Unmodelled('two of another run');
      const pair = [user, other].sort().join(' ');
      const stands = this.pairs.get(pair);
      if (stands === 'FRIENDS') return { refusal: refused('ALREADY_FRIENDS', 'other') };
      if (name === 'request' && stands === user) return { refusal: refused('ALREADY_REQUESTED', 'other') };
      this.pairs.set(pair, become(stands, user));
      return { user, other };
    };
    return { content: JSON.stringify([name, id, otherId]), decide };
  }
}

const refused = (code, field) => ({ code, field });
const fault = (code) => new GraphQLError(code, { extensions: { code } });
const badInput = () => fault('BAD_INPUT');

function checkId(id) {
  const [, uuid] = Buffer.from(id, 'base64url').toString().split(':');
  if (!isUuid(uuid ?? '') || id !== idOf(uuid)) throw badInput();
}

export const idOf = (uuid) => Buffer.from(`User:${uuid.toLowerCase()}`).toString('base64url');

const isUuid = (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

// As far as the names of these requests go.
function isName(text) {
  return [...text].length <= 100 && /[^\s\p{C}\p{M}\p{Z}]/u.test(text) && !/[\p{Cc}\u2028\u2029]/u.test(text);
}

// One execution of a mutation by graphql-js: it runs the commands on a copy of the model, and takes what the rules do
// not tell from foaf's answer.
export class Trial {
  // `start` and `end` are the tokens of the log's end before and after. Without an answer, only the commands are run.
  constructor(model, { start, end, answer }) {
    this.model = model.copy();
    this.answer = answer;
    this.start = start;
    this.last = positionOf(start);
    this.end = end && positionOf(end);
    // What the objects of the answer are about.
    this.about = new WeakMap();
    this.commands = 0;
  }

  get records() {
    return this.last - positionOf(this.start);
  }

  problem() {
    const grown = this.end - positionOf(this.start);
    return grown === this.records ? undefined : `the log grew by ${grown}, it ought to be ${this.records}`;
  }

  // The value of a field; `own` is the one in the answer.
  resolve(source, { input }, info, own) {
    const { fieldName, parentType, path } = info;
    if (parentType.name === 'Mutation') {
      this.commands += 1;
      const outcome = this.model.run(fieldName, input, this.last);
      if (outcome.isRecorded) this.last += 1n;
      return this.answer ? this.#is(own, path, { outcome }) : null;
    }
    const { outcome, user, pair, refusal } = this.about.get(source) ?? {};
    if (outcome) return this.#ofPayload(outcome, fieldName, path, own);
    if (refusal) return refusal[fieldName] ?? own;
    if (user) return this.#ofUser(user, fieldName, own);
    if (pair && fieldName === 'state') return this.model.pairs.get(pair) === 'FRIENDS' ? 'FRIENDS' : 'REQUESTED';
    return own;
  }

  #ofPayload({ user, other, refusal, position }, fieldName, path, own) {
    if (fieldName === 'position') return tokenAt(this.start, position);
    if (fieldName === 'rejection') return refusal ? this.#is(own, path, { refusal }) : null;
    // No profile is changed here.
    if (fieldName === 'unchanged') return false;
    if (refusal) return null;
    if (fieldName === 'friendship') return this.#is(own, path, { pair: [user, other].sort().join(' ') });
    return this.#is(own, path, { user: fieldName === 'user' ? user : other });
  }

  #ofUser(handle, fieldName, own) {
    const user = this.model.users.get(handle);
    const { firstName, lastName } = user;
    switch (fieldName) {
      case 'id':
        return user.id ?? own;
      case 'name':
        return lastName === null ? firstName : `${firstName} ${lastName}`;
      case 'handle':
      case 'firstName':
      case 'lastName':
      case 'state':
        return user[fieldName];
      default:
        return own;
    }
  }

  // An object that has to be there; where it has an error below it, it may be missing.
  #is(own, path, about) {
    const keys = [];
    for (let step = path; step; step = step.prev) keys.unshift(step.key);
    const isBelow = (error) =>
      keys.every((key, place) => error.path?.[place] === key) && error.path.length > keys.length;
    if (own) this.about.set(own, about);
    else if (!this.answer.errors?.some(isBelow)) throw fault('SOMETHING_OUGHT_TO_BE_HERE');
    return own;
  }
}
