/** ffmpeg options that select the first audio stream. */
export const audioOnly = ['-map', '0:a:0', '-vn', '-sn', '-dn'];
