/** Runs `work`. @returns what it threw; undefined: nothing */
export async function thrownBy(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error;
  }
}
