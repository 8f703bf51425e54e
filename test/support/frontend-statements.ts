/**
 * Reads what a client sends to Postgres and tells the statements that it asks for with their values, also those that it names because the
 * server keeps them (frontend messages of protocol 3.0).
 */
export function frontendStatements(): (data: Buffer) => string[] {
  const kept = new Map<string, string>();
  let rest: Buffer = Buffer.alloc(0);
  let isStarted = false;
  return (data) => {
    const asked: string[] = [];
    rest = Buffer.concat([rest, data]);
    for (;;) {
      // The first message has no type.
      const typeLength = isStarted ? 1 : 0;
      if (rest.length < typeLength + 4) return asked;
      const length = rest.readInt32BE(typeLength);
      if (length < 4) throw new Error('this is no message of the protocol');
      const end = typeLength + length;
      if (rest.length < end) return asked;
      const type = isStarted ? String.fromCharCode(rest[0] ?? 0) : '';
      const body = rest.toString('latin1', typeLength + 4, end);
      const [first = '', second = ''] = body.split('\0', 2);
      if (type === 'Q') asked.push(first);
      if (type === 'P') kept.set(first, second);
      if (type === 'B') asked.push(`${kept.get(second) ?? ''} ${body}`);
      isStarted = true;
      rest = rest.subarray(end);
    }
  };
}
