// Owns the JSON Schema of a vendor profile: what an editor, the form of a connection and the command line hold a profile against.
// Must not accept a name it does not know: a misspelt field would silently lose money or time.
import { parkingActionKinds, parkingFactTypes } from '../../core/plugin/index.ts'

const text = (maxLength = 200) => ({ type: 'string', minLength: 1, maxLength }) as const
const pointer = { type: 'string', pattern: '^(/[^/]{1,100}){0,12}$', maxLength: 400 } as const
const plain = { type: ['string', 'number', 'boolean', 'null'], maxLength: 500 } as const
const word = { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,63}$' } as const
const httpHeader = { type: 'string', pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$" } as const
const many = (items: object, minItems = 1, maxItems = 100) => ({ type: 'array', minItems, maxItems, items }) as const
const oneOf = (...words: readonly string[]) => ({ type: 'string', enum: words }) as const
const whole = (minimum: number, maximum: number) => ({ type: 'integer', minimum, maximum }) as const
const table = (values: object, maxProperties = 200) =>
  ({ type: 'object', maxProperties, additionalProperties: values }) as const

function object(required: readonly string[], properties: Record<string, object>) {
  return { type: 'object', additionalProperties: false, required, properties } as const
}

/** One of several shapes, told apart by the word in `tag`: its errors name the field, and not every shape that did not fit. */
function tagged(tag: string, shapes: Readonly<Record<string, object & { required?: readonly string[] }>>) {
  return {
    type: 'object',
    required: [tag],
    properties: { [tag]: oneOf(...Object.keys(shapes)) },
    discriminator: { propertyName: tag },
    oneOf: Object.entries(shapes).map(([name, shape]) => {
      const { properties, required = [] } = shape as { properties: object; required?: readonly string[] }
      return object([tag, ...required], { [tag]: { const: name }, ...properties })
    }),
  } as const
}

const bare = object([], {})
const steps = many(
  tagged('do', {
    trim: bare,
    upper: bare,
    lower: bare,
    plate: bare,
    text: bare,
    number: bare,
    integer: bare,
    split: object(['by', 'at'], { by: text(20), at: whole(-100, 100) }),
    strip: object(['prefix'], { prefix: text(100) }),
    lookup: object(['table'], { table: word, otherwise: plain }),
    time: object([], {
      patterns: many(text(60), 1, 10),
      epoch: oneOf('seconds', 'milliseconds'),
      zone: text(64),
    }),
    amount: object([], { currency: { type: 'string', pattern: '^[A-Z]{3}$' }, minor: { type: 'boolean' } }),
    decimal: object([], { times: { type: 'string', pattern: '^-?\\d{1,9}(\\.\\d{1,9})?$' }, places: whole(0, 9) }),
    boolean: object(['yes', 'no'], { yes: many(text(50), 1, 20), no: many(text(50), 1, 20) }),
    writeTime: object(['as'], { as: oneOf('iso', 'seconds', 'milliseconds', 'local') }),
    major: bare,
  }),
  0,
  12,
)
const of = oneOf('record', 'message')
const taken = object([], { path: pointer, of, const: plain, steps, default: plain })
const conditions = many(
  object(['path'], { path: pointer, of, is: many(plain), not: many(plain), present: { type: 'boolean' } }),
  0,
  20,
)
const factMap = object(['name', 'fact', 'key', 'occurredAt'], {
  name: word,
  when: conditions,
  each: pointer,
  fact: oneOf(...parkingFactTypes),
  key: many(taken, 1, 6),
  revision: taken,
  occurredAt: taken,
  stayRef: taken,
  lane: taken,
  device: taken,
  credentials: many(
    object(['kind', 'value'], {
      kind: oneOf('plate', 'card', 'ticket', 'qr', 'app', 'emaid', 'phone'),
      value: taken,
      encoding: text(32),
      country: taken,
      confidence: taken,
      each: pointer,
    }),
    1,
    20,
  ),
  data: table(taken, 30),
})
const facts = many(factMap, 1, 60)

const takenOrText = { anyOf: [{ type: 'string', maxLength: 1_000 }, taken] } as const
const request = object(['method', 'path'], {
  method: oneOf('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
  path: { type: 'string', pattern: '^/[^?#\\s\\\\]*$', maxLength: 500 },
  values: table(taken, 20),
  query: table(takenOrText, 30),
  headers: table(takenOrText, 20),
  body: {},
  send: oneOf('json', 'form'),
})
const hmac = {
  canonical: text(500),
  algorithm: oneOf('sha1', 'sha256', 'sha512'),
  encoding: oneOf('hex', 'base64'),
  header: httpHeader,
  format: text(200),
  timestampHeader: httpHeader,
  timestamp: oneOf('seconds', 'milliseconds', 'iso'),
  nonceHeader: httpHeader,
}
const hmacNeeds = ['canonical', 'algorithm', 'encoding', 'header']
const answers = many(
  object(['means'], {
    status: many(whole(100, 599), 1, 30),
    when: conditions,
    means: oneOf('done', 'refused', 'later', 'unknown', 'not_done'),
    reference: pointer,
    reason: pointer,
    code: pointer,
  }),
  1,
  30,
)
const poll = object(['name', 'request', 'facts'], {
  name: word,
  everyMinutes: whole(1, 1_440),
  request,
  items: pointer,
  paging: tagged('kind', {
    none: bare,
    page: object(['param', 'size'], {
      param: text(60),
      first: whole(0, 1),
      sizeParam: text(60),
      size: whole(1, 10_000),
    }),
    offset: object(['param', 'size'], { param: text(60), sizeParam: text(60), size: whole(1, 10_000) }),
    cursor: object(['param', 'next'], { param: text(60), next: pointer }),
    link: object([], { next: pointer }),
    since: object(['size'], { size: whole(1, 10_000) }),
  }),
  cursor: object(['kind', 'path', 'param'], {
    kind: oneOf('time', 'number', 'token'),
    path: pointer,
    param: text(60),
    steps,
    write: oneOf('iso', 'seconds', 'milliseconds', 'local'),
    overlap: whole(0, 604_800),
    startHours: whole(0, 8_784),
  }),
  facts,
})
const webhook = object(['path', 'auth', 'facts'], {
  path: { type: 'string', pattern: '^[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*$', maxLength: 200 },
  auth: tagged('kind', {
    bearer: bare,
    basic: bare,
    header: object(['name'], { name: httpHeader }),
    hmac: object(hmacNeeds, { ...hmac, toleranceSeconds: whole(1, 86_400), replaySeconds: whole(1, 604_800) }),
  }),
  accept: oneOf('json', 'form'),
  items: pointer,
  answers: object([], { stored: whole(200, 499), unfit: whole(200, 499) }),
  facts,
})
const action = object(['request', 'repeatable'], {
  request,
  repeatable: { type: 'boolean' },
  answers,
  ask: object(['request', 'answers'], { request, answers }),
})

export const profileSchema = {
  ...object(['profile', 'title', 'status', 'sources'], {
    profile: { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength: 60 },
    title: text(100),
    status: oneOf('public', 'observed', 'nda', 'unknown'),
    sources: many(text(500), 0),
    known: many(text(500), 0),
    ask: many(text(500), 0),
    zone: text(64),
    currency: { type: 'string', pattern: '^[A-Z]{3}$' },
    auth: tagged('kind', {
      none: bare,
      bearer: bare,
      basic: bare,
      digest: bare,
      header: object(['name'], { name: httpHeader, prefix: text(50) }),
      query: object(['name'], { name: text(60) }),
      oauth2: object([], { scope: text(500), send: oneOf('body', 'basic'), extra: table(text(500), 20) }),
      hmac: object(hmacNeeds, hmac),
    }),
    limits: object([], {
      perMinute: whole(1, 6_000),
      mostPages: whole(1, 2_000),
      largestAnswerKilobytes: whole(16, 65_536),
    }),
    lookups: table(table(plain, 2_000), 50),
    polls: many(poll, 0, 20),
    webhooks: many(webhook, 0, 20),
    actions: object([], Object.fromEntries(parkingActionKinds.map((kind) => [kind, action]))),
    check: request,
  }),
  title: 'Vendor profile',
} as const
