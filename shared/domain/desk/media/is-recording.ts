/** Whether something is made of files of this type. */
export const isVideoOrAudio = (contentType: string): boolean => /^(video|audio)\//.test(contentType);
