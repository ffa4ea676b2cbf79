const nameCharactersMax = 200;

/**
 * RFC 6266: always an attachment. The name is a container's: what could end the header, change the direction of the
 * text or reach into another directory becomes an underscore.
 */
export function contentDisposition(name: string): string {
  const safe =
    name
      .toWellFormed()
      .replace(/[\p{C}\p{Zl}\p{Zp}/\\:*?"<>|]/gu, '_')
      .replace(/^[\s.]+|[\s.]+$/g, '_')
      .slice(0, nameCharactersMax)
      .toWellFormed() || 'file';
  const ascii = safe.replace(/[^\x20-\x7e]/g, '_').replace(/%/g, '_');
  // encodeURIComponent leaves these, which RFC 8187 does not allow.
  const encoded = encodeURIComponent(safe).replace(/['()*!]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
