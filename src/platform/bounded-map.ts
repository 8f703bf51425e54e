/**
 * A map that forgets what was used longest ago once it holds `capacity` entries: whoever invents keys costs no more
 * memory than this.
 */
export interface BoundedMap<Value> {
  /** The value of `key`, made by `create` where there is none; it is the most recently used from now on. */
  use(key: string, create: () => Value): Value;
  has(key: string): boolean;
  /** Looking does not count as use. */
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
}

export function boundedMap<Value>(capacity: number): BoundedMap<Value> {
  // A Map keeps the order of insertion: the first key is the one that was used longest ago.
  const entries = new Map<string, Value>();
  const put = (key: string, value: Value): void => {
    entries.delete(key);
    entries.set(key, value);
    if (entries.size > capacity) {
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    }
  };
  return {
    has: (key) => entries.has(key),
    get: (key) => entries.get(key),
    use(key, create) {
      const value = entries.get(key) ?? create();
      put(key, value);
      return value;
    },
    set: put,
    delete: (key) => void entries.delete(key),
  };
}
