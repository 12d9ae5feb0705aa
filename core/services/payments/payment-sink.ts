// Owns taking what a provider tells by itself: kept as said, then the order brought in line with it.
// Must not believe a provider about orders of another connection.
import type { PaymentReport, PaymentSink } from '../../domain/payment/index.ts'
import { addJobs } from '../../store/event-log.ts'
import { keepReport, lockPaymentOrder, paymentJob } from '../../store/payment-orders.ts'
import type { Db } from '../../store/record-table.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { settleOrder } from './settle-order.ts'

interface Source {
  organizationId: string
  connectionId: string
}

type Result = Awaited<ReturnType<PaymentSink['report']>>[number]

/** @param read checks what came over the plugin's door; a report that cannot be money is refused as a whole */
export function paymentSink(
  deps: ServiceDeps,
  read: (report: PaymentReport) => PaymentReport,
): (source: Source) => PaymentSink {
  return (source) => ({
    async report(reports) {
      const results: Result[] = []
      for (const report of reports.map(read)) {
        results.push(await transaction(deps.db, (trx) => one(deps, trx, source, report)))
      }
      return results
    },
  })
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

async function one(deps: ServiceDeps, trx: Db, source: Source, report: PaymentReport): Promise<Result> {
  const { id, orderId, payment } = report
  const order = uuid.test(orderId) ? await lockPaymentOrder(trx, source.organizationId, orderId) : undefined
  if (order === undefined || order.connection_id !== source.connectionId) return { id, status: 'unknown' }
  const kept = { ...source, contentKey: id, orderId, data: { payment, at: report.at }, at: deps.clock.now() }
  if (!(await keepReport(trx, kept))) return { id, status: 'duplicate' }
  await settleOrder(deps, trx, order, payment)
  // What was being asked after may be answered by this, or another operation may follow.
  await addJobs(trx, [paymentJob({ organizationId: source.organizationId, orderId })])
  return { id, status: 'stored' }
}
