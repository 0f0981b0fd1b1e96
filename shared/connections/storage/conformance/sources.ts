export function failingStream(): ReadableStream<Uint8Array> {
  let pulls = 0;
  return new ReadableStream({
    pull(controller) {
      if (++pulls > 5) controller.error(new Error('cable pulled'));
      else controller.enqueue(new Uint8Array(50_000));
    },
  });
}

export function infiniteStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(50_000)) });
}

export function slowStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      await Bun.sleep(2);
      controller.enqueue(new Uint8Array(100));
    },
  });
}

export function stalledStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(100)) });
}
