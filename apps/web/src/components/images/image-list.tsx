'use client';
import { Layers, Plus, Trash2 } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { toast } from 'sonner';
import { useUnits } from '@/components/stats/use-units.ts';
import { Badge } from '@/components/ui/badge.tsx';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { Card } from '@/components/ui/card.tsx';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { SwitchField } from '@/components/ui/switch-field.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import type { ActionResult, ImageView } from '@/server/views.ts';

type RemoveImage = (hostId: string, id: string, options: { force: boolean }) => Promise<ActionResult>;

export function ImageList({
  images,
  showHost,
  remove,
}: {
  images: ImageView[];
  showHost: boolean;
  remove: RemoveImage;
}) {
  const t = useTranslations('images');
  const [asked, setAsked] = useState<ImageView | null>(null);
  const [open, setOpen] = useState(false);
  if (images.length === 0) {
    return (
      <Card>
        <EmptyState icon={Layers} title={t('empty')}>
          {t('emptyText')}
        </EmptyState>
      </Card>
    );
  }
  return (
    <Card className="overflow-hidden">
      <table className="w-full text-left">
        <thead>
          <tr className="border-line border-b bg-raised/60 text-muted text-xs">
            <th scope="col" className="w-1/2 py-2.5 pr-3 pl-4 font-medium">
              {t('columns.tags')}
            </th>
            {showHost && (
              <th scope="col" className="hidden px-3 font-medium md:table-cell">
                {t('columns.host')}
              </th>
            )}
            <th scope="col" className="px-3 text-right font-medium">
              {t('columns.size')}
            </th>
            <th scope="col" className="hidden pr-3 pl-10 font-medium sm:table-cell">
              {t('columns.created')}
            </th>
            <th scope="col" className="hidden px-3 text-right font-medium sm:table-cell">
              {t('columns.containers')}
            </th>
            <th scope="col" className="w-24">
              <span className="sr-only">{t('columns.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {images.map((image) => (
            <ImageRow
              key={`${image.hostId}/${image.id}`}
              image={image}
              showHost={showHost}
              onRemove={() => {
                setAsked(image);
                setOpen(true);
              }}
            />
          ))}
        </tbody>
      </table>
      {asked && <RemoveImageDialog image={asked} open={open} onOpenChange={setOpen} remove={remove} />}
    </Card>
  );
}

function shortId(image: ImageView): string {
  return image.id.replace(/^sha256:/, '').slice(0, 12);
}

function imageName(image: ImageView): string {
  return image.repoTags[0] ?? shortId(image);
}

function ImageRow({ image, showHost, onRemove }: { image: ImageView; showHost: boolean; onRemove: () => void }) {
  const t = useTranslations('images');
  const { bytes, count } = useUnits();
  const offline = image.hostState === 'offline';
  return (
    <tr className="hover:bg-raised/50">
      <td className="py-2.5 pr-3 pl-4">
        {image.repoTags.length > 0 ? (
          image.repoTags.map((tag) => (
            <div key={tag} className="break-all font-medium">
              {tag}
            </div>
          ))
        ) : (
          <Badge>{t('untagged')}</Badge>
        )}
        <span className="font-mono text-2xs text-faint">{shortId(image)}</span>
        {showHost && <span className="block text-muted text-xs md:hidden">{image.hostName}</span>}
      </td>
      {showHost && (
        <td className="hidden px-3 text-sm md:table-cell">
          {image.hostName}
          {offline && <span className="block text-warning text-xs">{t('hostOffline')}</span>}
        </td>
      )}
      <td className="whitespace-nowrap px-3 text-right">{bytes(image.sizeBytes)}</td>
      <td className="hidden whitespace-nowrap pr-3 pl-10 text-sm sm:table-cell">
        <TimeAgo at={image.createdAt} />
      </td>
      <td className="hidden px-3 text-right sm:table-cell">{count(image.containers)}</td>
      <td className="whitespace-nowrap py-2 pr-3 text-right">
        <Link
          href={`/containers/new?host=${image.hostId}&image=${encodeURIComponent(imageName(image))}`}
          aria-label={t('createFrom', { name: imageName(image) })}
          title={t('createFrom', { name: imageName(image) })}
          className={buttonClass({ variant: 'ghost', size: 'icon-sm' })}
        >
          <Plus aria-hidden />
        </Link>
        <Button
          variant="ghost"
          size="icon-sm"
          disabled={offline}
          aria-label={t('removeNamed', { name: imageName(image) })}
          title={t('remove')}
          onClick={onRemove}
        >
          <Trash2 aria-hidden />
        </Button>
      </td>
    </tr>
  );
}

interface RemoveImageDialogProps {
  image: ImageView;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  remove: RemoveImage;
}

function RemoveImageDialog({ image, open, onOpenChange, remove }: RemoveImageDialogProps) {
  const t = useTranslations('images');
  const [force, setForce] = useState(false);
  const confirm = async () => {
    const result = await remove(image.hostId, image.id, { force });
    if (!result.ok) return result.message;
    toast.success(t('removed', { name: imageName(image) }));
    setForce(false);
    return null;
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('removeTitle', { name: imageName(image) })}
      confirmLabel={t('remove')}
      onConfirm={confirm}
    >
      <p>{t('removeText', { host: image.hostName })}</p>
      {(image.containers > 0 || image.repoTags.length > 1) && (
        <div className="mt-4 text-ink">
          <SwitchField label={t('force')} hint={t('forceHint')} checked={force} onChange={setForce} />
        </div>
      )}
    </ConfirmDialog>
  );
}
