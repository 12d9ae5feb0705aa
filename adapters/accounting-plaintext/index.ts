// Owns the plugin with the journals of hledger and Beancount.
// Must not read anything but what it is handed: a format is a function of a closed period.
import { accountingPlugin } from '../../core/plugin/index.ts'
import { beancount } from './beancount.ts'
import { hledger } from './hledger.ts'

export default accountingPlugin({
  id: 'accounting-plaintext',
  title: 'Plain text accounting files',
  version: '1.0.0',
  hub: '^0.1',
  formats: [hledger, beancount],
})
