import type { Json } from '../idp/player/scenario.ts';
import { isObject } from '../idp/player/value-at.ts';
import type { Ids } from './corpus.ts';
import type { Random } from './random.ts';

/** Names that some code somewhere gives a meaning to. */
const names = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '', ' ', '.', 'a.b.c', 'emails.0.value'],
  ...[
    'userName',
    'USERNAME',
    'active',
    'members',
    'emails',
    'groups',
    'id',
    'meta',
    'schemas',
    'password',
    'externalId',
  ],
  ...['op', 'path', 'value', 'Operations', '$ref', 'type', 'primary', 'displayName', 'name.givenName', 'managerId'],
  'urn:ietf:params:scim:schemas:core:2.0:User',
  'urn:ietf:params:scim:schemas:core:2.0:Group:displayName',
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager',
  'urn:example:x:1.0:Thing',
];

const paths = [
  ...[
    'emails[type eq "work"].value',
    'emails[type eq "work"]',
    'emails[',
    'emails[]',
    'emails[type eq "work"].',
    'members',
  ],
  ...[
    'members[value eq "x"]',
    'members.value',
    'addresses[type eq "work" and primary eq true].region',
    'name',
    'active',
  ],
  ...[
    '__proto__.x',
    'constructor.prototype.x',
    'emails[__proto__ eq 1].value',
    'groups',
    'meta.version',
    'a'.repeat(5_000),
  ],
  ...['.'.repeat(50), '['.repeat(500), 'emails[not (type pr)].value', 'roles[value eq null]', 'x509Certificates.value'],
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value',
];

const texts = [
  ...[
    '',
    ' ',
    'true',
    'False',
    'null',
    '0',
    '-1',
    '1e400',
    '2026-01-01T00:00:00Z',
    'not a date',
    '{"value":"x"}',
    '[1,2]',
  ],
  ...[
    '\u0000',
    '\ud800',
    '\udfff\ud800',
    '\u202e',
    '\ufeff',
    '🎉',
    'é',
    'I\u0307',
    'ß',
    'ſ',
    '\r\n',
    "' OR 1=1 --",
    '%_\\',
  ],
  ...['bulkId:x', '$1', '{{x}}', '${x}', '<b>', 'a'.repeat(10_000), '"', '\\', 'x'.repeat(300) + '@x.example'],
];

/** A JSON value with one thing about it changed: structure, a type, a name or a value. */
export function mutateJson(value: Json, other: Json, ids: Ids, random: Random): Json {
  const copy = structuredClone(value);
  const holders = containersIn(copy);
  const holder = holders.length === 0 ? undefined : random.pick(holders);
  if (holder === undefined || random.chance(0.03)) return strangeValue(copy, ids, random);
  if (Array.isArray(holder)) mutateList(holder, other, ids, random);
  else mutateObject(holder, other, ids, random);
  return copy;
}

type JsonObject = Record<string, Json>;

function mutateList(list: Json[], other: Json, ids: Ids, random: Random): void {
  const at = random.int(list.length + 1);
  const element = list[at];
  switch (random.int(6)) {
    case 0:
      list.splice(at, 1);
      break;
    case 1:
      if (element !== undefined)
        list.push(...Array.from({ length: random.pick([1, 2, 50]) }, () => structuredClone(element)));
      break;
    case 2:
      list.splice(at, 0, strangeValue(element ?? null, ids, random));
      break;
    case 3:
      list.splice(at, 1, partOf(other, random));
      break;
    case 4:
      list.reverse();
      break;
    default:
      if (element !== undefined) list[at] = random.chance(0.5) ? [element] : strangeValue(element, ids, random);
  }
}

function mutateObject(object: JsonObject, other: Json, ids: Ids, random: Random): void {
  const keys = Object.keys(object);
  const key = keys.length === 0 ? random.pick(names) : random.pick(keys);
  const value = Object.hasOwn(object, key) ? (object[key] ?? null) : null;
  switch (random.int(8)) {
    case 0:
      Reflect.deleteProperty(object, key);
      break;
    case 1:
      setOwn(object, random.pick(names), value);
      break;
    case 2:
      Reflect.deleteProperty(object, key);
      setOwn(object, random.chance(0.5) ? random.pick(names) : respelled(key, random), value);
      break;
    case 3:
      setOwn(object, respelled(key, random), value);
      break;
    case 4:
      setOwn(object, key, partOf(other, random));
      break;
    case 5:
      if (Object.hasOwn(object, 'path') || Object.hasOwn(object, 'op')) setOwn(object, 'path', random.pick(paths));
      else setOwn(object, key, [value]);
      break;
    default:
      setOwn(object, key, strangeValue(value, ids, random));
  }
}

/** As `JSON.parse` does it: a key called `__proto__` is a key. */
function setOwn(object: JsonObject, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

function strangeValue(value: Json, ids: Ids, random: Random): Json {
  switch (random.int(12)) {
    case 0:
      return null;
    case 1:
      return random.pick<Json>([[], {}, [[]], [null], [{}], { value: {} }, [{ value: [] }]]);
    case 2:
      return random.pick([true, false]);
    case 3:
      return random.pick([0, -1, 1.5, 1e21, 1e308, 2 ** 53, -0, Number.MIN_VALUE]);
    case 4:
      return random.pick([...ids.users, ...ids.groups, ...ids.foreign, 'x']);
    case 5:
      return nested(random.pick([5, 40, 63, 64, 65, 300]), random);
    case 6:
      return typeof value === 'string' ? mutateText(value, random) : JSON.stringify(value);
    case 7:
      return [{ value: random.pick([...ids.foreign, ...ids.users, 'x']) }];
    default:
      return random.pick(texts);
  }
}

function nested(depth: number, random: Random): Json {
  let value: Json = 'x';
  const isList = random.chance(0.5);
  for (let level = 0; level < depth; level += 1) value = isList ? [value] : { a: value };
  return value;
}

const insertions = [
  ...[
    '"',
    '\\',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '.',
    ',',
    ':',
    ';',
    '=',
    '+',
    '-',
    '_',
    ' ',
    'e',
    '0',
    '\u0000',
    'é',
    '\ud83c',
  ],
  ...[' and ', ' or ', 'not (', ' eq ', '[type eq "'],
];

/** Text with a few characters added, taken away or put elsewhere. */
export function mutateText(text: string, random: Random): string {
  let mutated = text;
  for (let times = random.int(3); times >= 0; times -= 1) {
    const at = random.int(mutated.length + 1);
    const cut = random.chance(0.5) ? random.int(4) : 0;
    const added = random.chance(0.7) ? random.pick(insertions) : mutated.slice(0, random.int(30));
    mutated = mutated.slice(0, at) + added + mutated.slice(at + cut);
  }
  return mutated;
}

function respelled(key: string, random: Random): string {
  return random.pick([
    key.toUpperCase(),
    key.toLowerCase(),
    `${key} `,
    `${key}.value`,
    `${key}[value eq "x"]`,
    `urn:x:${key}`,
  ]);
}

function containersIn(value: Json): (Json[] | JsonObject)[] {
  if (Array.isArray(value)) return [value, ...value.flatMap(containersIn)];
  return isObject(value) ? [value, ...Object.values(value).flatMap(containersIn)] : [];
}

function partOf(value: Json, random: Random): Json {
  const parts = containersIn(value);
  return parts.length === 0 ? value : structuredClone(random.pick(parts));
}
