// Owns doing one change that a person asked for, and saying what came of it.
// Must not try again by itself; the request does where that is safe.

/** The hub's answer; null when it refused, which has been said then. `touch` names what is to be read again. */
export async function run(app, { request, done, failed, touch }) {
  try {
    const answer = await request()
    app.say({ tone: 'good', title: done })
    return answer
  } catch (error) {
    app.say({ tone: 'bad', title: failed, text: error.message })
    return null
  } finally {
    app.data.touch(...touch)
    app.details?.renew()
  }
}
