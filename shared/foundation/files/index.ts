/** Local files: bounded reads, atomic writes, paths that stay inside their root. */
export {
  type FileMetadata,
  fileMetadata,
  listFiles,
  makeDirectory,
  removeDirectory,
  withTempDirectory,
} from './directories.ts';
export { errorCode, unlessMissing } from './error-code.ts';
export { readBytes, readFileChunks, readText } from './read-file.ts';
export { joinInside, resolveInside } from './safe-paths.ts';
export { writeChunks } from './write-chunks.ts';
export { writeFileAtomically } from './write-file-atomically.ts';
