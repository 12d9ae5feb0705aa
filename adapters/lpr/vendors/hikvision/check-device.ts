// Owns the connection test against the camera itself: a digest GET of its device information.
// Must not change anything on the camera.
import { AuthFailed, type CheckOptions, ConfigInvalid, digestAnswer, NotReady } from '../../../../core/plugin/index.ts'

export interface HikvisionConfig {
  cameraUrl?: string
  cameraUser?: string
}

export async function checkDevice(config: HikvisionConfig, { fetch, secret, signal }: CheckOptions): Promise<void> {
  if (config.cameraUrl === undefined) return
  if (config.cameraUser === undefined)
    throw new ConfigInvalid('/cameraUser', 'The camera wants a user for its address.')
  const url = new URL('/ISAPI/System/deviceInfo', config.cameraUrl)
  const get = async (headers: Record<string, string>) => {
    try {
      return await fetch(url, { headers, signal, redirect: 'error' })
    } catch (cause) {
      throw new NotReady('The camera does not answer at its address.', cause)
    }
  }
  const first = await get({})
  await first.body?.cancel()
  const challenge = first.headers.get('www-authenticate') ?? ''
  if (first.status !== 401) return judge(first)
  const authorization = digestAnswer(challenge, {
    method: 'GET',
    uri: url.pathname,
    user: config.cameraUser,
    password: await secret('camera'),
  })
  if (authorization === null) throw new NotReady('The camera asks for an authentication that is no digest.')
  const second = await get({ authorization })
  await second.body?.cancel()
  judge(second)
}

function judge({ status }: Response): void {
  if (status === 401 || status === 403) throw new AuthFailed('The camera refuses the user or the secret "camera".')
  if (status !== 200) throw new NotReady(`The camera answered ${status} when asked what it is.`)
}
