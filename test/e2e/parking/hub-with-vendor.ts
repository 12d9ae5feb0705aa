// Owns a hub process that has the tests' own parking adapter beside the plugins of the tree.
// Must not contain anything else that the hub's own main has not.
import { readConfig } from '../../../core/runtime/config.ts'
import { startHub } from '../../../core/runtime/hub.ts'
import { inTreePlugins } from '../../../core/runtime/in-tree-plugins.ts'
import { createLog } from '../../../core/runtime/logger.ts'
import { tinyAdapter } from './tiny-adapter.ts'

const config = readConfig(process.env)
const hub = await startHub({ config, log: createLog('warn'), plugins: [...inTreePlugins, tinyAdapter] })
process.once('SIGTERM', () => void hub.stop().then(() => process.exit(0)))
process.send?.({ url: hub.url })
