// Owns the one place where the X.509 library comes in, behind the polyfill that it needs before it is loaded.
// Must not add anything of our own.
import 'reflect-metadata'

// biome-ignore lint/performance/noReExportAll: the polyfill has to run first, whoever imports
export * from '@peculiar/x509'
