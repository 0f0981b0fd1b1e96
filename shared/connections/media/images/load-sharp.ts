const formats = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'];

/**
 * The image library, loaded with the first image: most processes never see one. Its settings hold
 * for the whole process; above all no SVG, which may name files and carry scripts.
 */
export async function loadSharp() {
  const { default: sharp } = await import('sharp');
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: formats.map((format) => `VipsForeignLoad${format}`) });
  sharp.cache(false); // no image is read twice
  sharp.concurrency(1); // each thread takes memory of its own
  return sharp;
}
