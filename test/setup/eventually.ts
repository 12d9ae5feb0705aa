// Owns waiting in tests for something that a real socket, process or database will bring about: polled, with a deadline.
// Must not be used for time itself; tests move a manual clock.

/** Resolves when `condition` holds; fails with `what` when it does not within the deadline. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what = 'the condition',
  deadlineMs = 20_000,
): Promise<void> {
  const end = Date.now() + deadlineMs
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what} did not come about within ${deadlineMs} ms`)
    // Slow enough to stay below the API's rate limit when the condition asks the hub.
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
}
