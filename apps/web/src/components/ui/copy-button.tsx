'use client';
import { Check, Copy } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { toast } from 'sonner';
import { Button } from './button.tsx';

/** Plain HTTP has no clipboard API, so a hidden text area is the second way. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.style.position = 'fixed';
    area.style.opacity = '0';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

export function CopyButton({ text, label, iconOnly = false }: { text: string; label?: string; iconOnly?: boolean }) {
  const t = useTranslations('common');
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!(await copyText(text))) return void toast.error(t('copyFailed'));
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  const name = copied ? t('copied') : (label ?? t('copy'));
  return (
    <Button
      variant={iconOnly ? 'ghost' : 'secondary'}
      size={iconOnly ? 'icon-sm' : 'sm'}
      onClick={copy}
      aria-label={iconOnly ? name : undefined}
      title={iconOnly ? name : undefined}
    >
      {copied ? <Check aria-hidden className="text-success" /> : <Copy aria-hidden />}
      {!iconOnly && name}
    </Button>
  );
}
