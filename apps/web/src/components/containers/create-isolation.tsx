'use client';
import { useTranslations } from 'next-intl';
import { Banner } from '@/components/ui/banner.tsx';
import { SelectField, TextField } from '@/components/ui/field.tsx';
import { SwitchField } from '@/components/ui/switch-field.tsx';
import type { CreateFieldProps } from './create-field-props.ts';
import { WeakeningList } from './weakening-list.tsx';
import { draftWeakenings, weakeningSentences } from './weakenings.ts';

export function IsolationFields({ draft, onChange }: CreateFieldProps) {
  const t = useTranslations('create.isolate');
  const sentences = weakeningSentences(draftWeakenings(draft));
  return (
    <div className="flex flex-col gap-4">
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
        <SelectField
          label={t('network')}
          hint={t(`networkHints.${draft.network}`)}
          value={draft.network}
          onChange={(event) =>
            onChange({
              network: event.target.value === 'none' || event.target.value === 'host' ? event.target.value : 'bridge',
            })
          }
        >
          <option value="bridge">{t('networks.bridge')}</option>
          <option value="none">{t('networks.none')}</option>
          <option value="host">{t('networks.host')}</option>
        </SelectField>
        <SelectField
          label={t('userNamespace')}
          hint={t(`userHints.${draft.userNamespace}`)}
          value={draft.userNamespace}
          onChange={(event) => onChange({ userNamespace: event.target.value === 'host' ? 'host' : 'private' })}
        >
          <option value="private">{t('users.private')}</option>
          <option value="host">{t('users.host')}</option>
        </SelectField>
        <TextField
          label={t('capAdd')}
          hint={t('capHint')}
          placeholder="NET_ADMIN"
          value={draft.capAdd}
          onChange={(event) => onChange({ capAdd: event.target.value })}
        />
        <TextField
          label={t('capDrop')}
          hint={t('capHint')}
          placeholder="NET_RAW"
          value={draft.capDrop}
          onChange={(event) => onChange({ capDrop: event.target.value })}
        />
        <SwitchField
          label={t('readOnlyRootfs')}
          hint={t('readOnlyRootfsHint')}
          checked={draft.readOnlyRootfs}
          onChange={(readOnlyRootfs) => onChange({ readOnlyRootfs })}
        />
        <SwitchField
          label={t('noNewPrivileges')}
          hint={t('noNewPrivilegesHint')}
          checked={draft.noNewPrivileges}
          onChange={(noNewPrivileges) => onChange({ noNewPrivileges })}
        />
        <SwitchField
          label={t('privileged')}
          hint={t('privilegedHint')}
          checked={draft.privileged}
          onChange={(privileged) => onChange({ privileged })}
        />
      </div>
      {sentences.length > 0 && (
        <Banner tone="warning">
          <p className="mb-2">{t(draft.privileged ? 'privilegedWarning' : 'weakerWarning')}</p>
          <WeakeningList sentences={sentences} />
        </Banner>
      )}
    </div>
  );
}
