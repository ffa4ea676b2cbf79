'use client';
import { useTranslations } from 'next-intl';
import { type DragEvent, useState } from 'react';
import { toast } from 'sonner';

/** Files dragged from the desktop. Folders are left out, and it is said so. */
export function useDropZone({ isEnabled, onFiles }: { isEnabled: boolean; onFiles: (files: File[]) => void }) {
  const t = useTranslations('files');
  const [isOver, setOver] = useState(false);
  const zone = {
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes('Files')) return;
      event.preventDefault();
      setOver(isEnabled);
    },
    onDragLeave: (event: DragEvent<HTMLElement>) => {
      const isInside = event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget);
      if (!isInside) setOver(false);
    },
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      if (!isEnabled) return;
      const items = [...event.dataTransfer.items].filter((item) => item.kind === 'file');
      const files = items.filter((item) => !item.webkitGetAsEntry()?.isDirectory).map((item) => item.getAsFile());
      if (files.length < items.length) toast.info(t('noFolders'));
      onFiles(files.filter((file) => file !== null));
    },
  };
  return { isOver: isOver && isEnabled, zone };
}
