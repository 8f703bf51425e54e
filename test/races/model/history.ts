/**
 * What concurrent clients have done to independent facts ("is this user in that group"), by a logical clock, and which
 * values a fact may have in the end. A write counts from its sending to its answer; two that overlap may have happened in
 * either order, so the possible values are those of all writes that no later one has replaced.
 */
export class History {
  private clock = 0;
  private readonly writes = new Map<string, { sentAt: number; answeredAt: number; value: string }[]>();

  /** The moment at which a write is sent. */
  send(): number {
    this.clock += 1;
    return this.clock;
  }

  /** An acknowledged write of some facts; one that was refused changes nothing and is not told. */
  acknowledge(sentAt: number, facts: Iterable<readonly [fact: string, value: string | boolean]>): void {
    this.clock += 1;
    for (const [fact, value] of facts) {
      const writes = this.writes.get(fact) ?? [];
      this.writes.set(fact, writes);
      writes.push({ sentAt, answeredAt: this.clock, value: String(value) });
    }
  }

  /** The values that a fact may have now; none: nobody has written it. */
  possible(fact: string): string[] {
    const writes = this.writes.get(fact) ?? [];
    const last = writes.filter((write) => !writes.some((later) => later.sentAt > write.answeredAt));
    return [...new Set(last.map(({ value }) => value))];
  }
}
