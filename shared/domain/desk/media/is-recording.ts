/** Whether something is made of files of this type. */
export const isRecording = (contentType: string): boolean => /^(video|audio)\//.test(contentType);
