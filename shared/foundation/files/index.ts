/** Local files: bounded reads, atomic writes, paths that stay inside their root. */
export {
  fileMetadata,
  listFiles,
  makeDirectory,
  removeDirectory,
  withTempDirectory,
} from './directories.ts';
export { errorCode } from './error-code.ts';
export { loadExport } from './load-export.ts';
export { readBytes, readFileChunks, readText } from './read-file.ts';
export { joinInside, resolveInside } from './safe-paths.ts';
export { writeChunks } from './write-chunks.ts';
export { writeFileAtomically } from './write-file-atomically.ts';
