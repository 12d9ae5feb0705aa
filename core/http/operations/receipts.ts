// Owns the operations on receipts, the links that drivers read them by, and signed meter data.
// Must not compute an amount, nor change a byte of what a station signed.
import { acceptedLocales, documentLocale } from '../../domain/document/document-locale.ts'
import { receiptDocument } from '../../domain/document/receipt-document.ts'
import { linkToken, readLink } from '../../domain/file-link.ts'
import type { FilePorts } from '../../services/files/file-deps.ts'
import { getBill, getReceipt, type ReceiptNow, receiptOfLink } from '../../services/manage/read-money.ts'
import {
  addMeterKey,
  archiveMeterKey,
  listMeterKeys,
  listSignedData,
  signedRecordBytes,
  transparencyFile,
} from '../../services/metering/read-signed-data.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { formOf, type PrintedForm, printed } from '../printed.ts'
import { problem, refused } from '../problem.ts'
import { done, listed, made, shown } from '../replies.ts'

type Ids =
  | 'getReceipt'
  | 'createReceiptLink'
  | 'getLinkedReceipt'
  | 'listSignedMeterData'
  | 'getSignedMeterRecord'
  | 'getTransparencyFile'
  | 'listMeterKeys'
  | 'createMeterKey'
  | 'archiveMeterKey'

const dayMs = 86_400_000

interface Wanted {
  locale?: string | undefined
  format?: PrintedForm | undefined
  copy?: boolean | undefined
}

export function receipts(ports: FilePorts): Part<Ids> {
  const { sign, settings } = ports
  return {
    async getReceipt({ path, query, request }, { deps, access }) {
      const receipt = await getReceipt(deps)(access, path.billId)
      return receipt.kind === 'ok' ? answer(receipt.value, query, request) : refused(receipt)
    },
    async createReceiptLink({ path, body }, { deps, access }) {
      const bill = await getBill(deps)(access, path.billId)
      if (bill.kind !== 'ok') return refused(bill)
      const expiresAt = new Date(deps.clock.now().getTime() + (body.days ?? 30) * dayMs)
      const { organizationId } = access
      const token = linkToken(sign, { purpose: 'receipt', organizationId, id: path.billId, expiresAt })
      return made(
        { kind: 'ok', value: { url: `${settings.publicUrl}/r/${token}`, expiresAt } },
        () => `/bills/${path.billId}/receipt`,
      )
    },
    async getLinkedReceipt({ path, query, request }, { deps }) {
      const verdict = readLink(sign, path.token, deps.clock.now())
      if (verdict.kind === 'expired') return problem('gone')
      if (verdict.kind !== 'valid' || verdict.link.purpose !== 'receipt') return problem('not_found')
      const receipt = await receiptOfLink(deps)(verdict.link)
      return receipt === undefined
        ? problem('not_found')
        : answer(receipt, { ...query, format: query.format ?? formOf(request) ?? 'html' }, request)
    },
    listSignedMeterData: async ({ path }, { deps, access }) =>
      shown(await listSignedData(deps)(access, path.sessionId)),
    async getSignedMeterRecord({ path }, { deps, access }) {
      const bytes = await signedRecordBytes(deps)(access, path.sessionId, path.sha256)
      if (bytes.kind !== 'ok') return refused(bytes)
      return download(bytes.value, 'application/octet-stream', `${path.sha256}.ocmf`)
    },
    async getTransparencyFile({ path }, { deps, access }) {
      const file = await transparencyFile(deps)(access, path.sessionId)
      if (file.kind !== 'ok') return refused(file)
      return download(Buffer.from(file.value), 'application/xml', `${path.sessionId}.xml`)
    },
    async listMeterKeys({ path, query }, { deps, access }) {
      const keys = await listMeterKeys(deps)(access, path.stationId, listQuery(query))
      return keys.kind === 'ok' ? listed(keys.value) : refused(keys)
    },
    createMeterKey: async ({ path, body }, { deps, access }) =>
      made(await addMeterKey(deps)(access, path.stationId, body), () => `/stations/${path.stationId}/meter-keys`),
    archiveMeterKey: async ({ path }, { deps, access }) =>
      done(await archiveMeterKey(deps)(access, path.stationId, path.keyId)),
  }
}

async function answer({ receipt, accountLocale, since }: ReceiptNow, wanted: Wanted, request: Request) {
  const format = wanted.format ?? formOf(request) ?? 'json'
  if (format === 'json')
    return {
      status: 200 as const,
      body: { ...receipt, ...(since === null ? {} : { since }) } as Record<string, unknown>,
    }
  const wishes = [
    wanted.locale,
    accountLocale,
    ...acceptedLocales(request.headers.get('accept-language')),
    receipt.locale,
  ]
  const locale = documentLocale(wishes, receipt.locale)
  return printed(receiptDocument(receipt, { locale, copy: wanted.copy ?? false, since }), format)
}

function download(bytes: Buffer, type: string, name: string): Response {
  return new Response(new Uint8Array(bytes), {
    headers: { 'Content-Type': type, 'Content-Disposition': `attachment; filename="${name}"` },
  })
}
