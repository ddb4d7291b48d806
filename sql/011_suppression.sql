-- Who must never be contacted. Acts are only ever added: one suppresses, one lifts, and what holds now is a view. Facts of
-- vendors count once; what a person says counts whenever it is said.

create table public.suppressions (
  id bigint generated always as identity,
  kind text not null,
  value text not null,
  act text not null,
  reason text not null,
  source text not null,
  source_key text not null default '',
  note text not null default '',
  noted_at timestamptz not null default now(),
  created_by text not null,
  constraint suppressions_pkey primary key (id),
  constraint suppressions_once unique (source, source_key, reason, act, kind, value),
  constraint suppressions_kind_is_known check (kind in ('email', 'domain', 'erased')),
  constraint suppressions_reason_is_known check (
    (act = 'suppress' and reason in (
      'unsubscribed', 'complaint', 'do_not_contact', 'erased', 'bounced', 'not_interested', 'wrong_person', 'by_hand',
      'imported', 'block_list', 'replied'
    ))
    or (act = 'lift' and reason in ('asked_for_contact', 'noted_by_mistake', 'address_works'))
  ),
  constraint suppressions_value_is_a_key check (
    value = btrim(value)
    and case kind
          when 'email' then value like '_%@_%'
          when 'domain' then value like '_%._%' and value not like '%@%'
          else value ~ '^[0-9a-f]{8}:[0-9a-f]{64}$'
        end
  ),
  constraint suppressions_says_where_from check (source <> '' and created_by <> '')
);

comment on table public.suppressions is
  'Who must never be contacted. Grain: one act, which suppresses a value or lifts all its suppressions so far; suppressions_in_force and suppressed say what holds now. Written by note_suppressions, lift_suppression and erase_suppressed_person only, one at a time, so that ids are in the order of commits. Never changed, never deleted.';
comment on column public.suppressions.kind is
  'email: one mailbox; domain: everybody at it; erased: a mailbox of which only a keyed hash is left.';
comment on column public.suppressions.value is
  'email: the match_key of leads, to compare with and never to send to; domain: a registrable domain; erased: fingerprint of the key, a colon, HMAC-SHA256 of the match key.';
comment on column public.suppressions.act is 'suppress or lift.';
comment on column public.suppressions.reason is
  'Of suppressing: unsubscribed (they opted out), complaint, do_not_contact (a label or a person says so), erased (they asked to be forgotten), bounced (for good: Instantly''s status -1 does not tell soft from hard), not_interested, wrong_person, by_hand, imported, block_list (Instantly''s), replied (no other campaign may write to them). Of lifting: asked_for_contact, noted_by_mistake, address_works.';
comment on column public.suppressions.source is 'instantly, csv:<file>, or hand.';
comment on column public.suppressions.source_key is
  'Of a vendor''s fact what it was seen on (lead:, email: or block_list: and an id): it counts once, even after a lift. Of what a person said: empty, or ''after lift'' and that act''s id, so that saying it again counts after a lift.';
comment on column public.suppressions.created_by is 'Who added it: a person''s login, or the asset.';

create index suppressions_value on public.suppressions (value, kind) where act = 'suppress';
create index suppressions_lifts on public.suppressions (value, kind, id) where act = 'lift';
-- Domains are compared with the domain of the address and with that of the employer; the latter has its index.
create index leads_registrable_domain on public.leads (registrable_domain);

create table public.lead_erased_keys (
  lead_id uuid not null,
  erased_key text not null,
  fingerprint text not null generated always as (split_part(erased_key, ':', 1)) stored,
  constraint lead_erased_keys_pkey primary key (lead_id, fingerprint),
  constraint lead_erased_keys_lead_fkey foreign key (lead_id) references public.leads (lead_id) on delete cascade,
  constraint lead_erased_keys_is_a_key check (erased_key ~ '^[0-9a-f]{8}:[0-9a-f]{64}$')
);

comment on table public.lead_erased_keys is
  'The hash that each lead would be known by if they had been erased, so that the database can compare. Grain: one lead and one key of hashing. Kept only while somebody is erased; a lead without a row then counts as not checked, and must not be contacted.';
comment on column public.lead_erased_keys.erased_key is 'As suppressions.value of kind erased.';

create index lead_erased_keys_erased_key on public.lead_erased_keys (erased_key);

alter table public.suppressions enable row level security;
alter table public.lead_erased_keys enable row level security;
grant select, insert, update, delete on table public.suppressions, public.lead_erased_keys to service_role;

create function private.refuse_change_of_suppressions()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $function$
begin
  if current_setting('outreach.erasing_suppressions', true) = 'on' then
    return coalesce(new, old);
  end if;
  raise exception 'suppressions are only ever added to; lift one with lift_suppression' using errcode = '23001';
end;
$function$;

comment on function private.refuse_change_of_suppressions() is
  'As a trigger: a suppression is not changed and not deleted, but for erase_suppressed_person.';

create trigger suppressions_stay
  before update or delete on public.suppressions
  for each row execute function private.refuse_change_of_suppressions();

create function private.change_suppressions_alone()
returns void
language sql
volatile
security invoker
set search_path = ''
as $function$
  select pg_advisory_xact_lock(hashtextextended('suppressions', 0))
$function$;

comment on function private.change_suppressions_alone() is
  'Waits until nobody adds to suppressions and nobody relies on them, until the transaction ends. Not after hold_suppressions in one transaction: two of those would wait for each other.';

create function private.hold_suppressions()
returns void
language sql
volatile
security invoker
set search_path = ''
as $function$
  select pg_advisory_xact_lock_shared(hashtextextended('suppressions', 0))
$function$;

comment on function private.hold_suppressions() is
  'For a transaction that reserves people: nothing is added to suppressions until it ends, and many may hold at once. To be called as a statement of its own before the one that reads suppressions, because a statement sees what was committed before it began. A suppression committed before is then seen, and one that waited finds the reservation committed, so that the sweep reaches it.';

create view public.suppressions_in_force with (security_invoker = true) as
select fact.id, fact.kind, fact.value, fact.reason, fact.source, fact.source_key, fact.note, fact.noted_at, fact.created_by
  from public.suppressions as fact
 where fact.act = 'suppress'
   and not exists (
     select from public.suppressions as lift
      where lift.act = 'lift' and lift.kind = fact.kind and lift.value = fact.value and lift.id > fact.id
   );

comment on view public.suppressions_in_force is
  'Grain: one act of suppressing that no later one lifted. A value may have several.';

create view public.suppressed with (security_invoker = true) as
select fact.kind,
       fact.value,
       (array_agg(fact.reason order by array_position(
         array['erased', 'unsubscribed', 'complaint', 'do_not_contact', 'by_hand', 'imported', 'block_list',
               'not_interested', 'wrong_person', 'bounced', 'replied'], fact.reason
       ), fact.id))[1] as reason,
       array_agg(distinct fact.reason) as reasons,
       array_agg(distinct fact.source) as sources,
       min(fact.noted_at) as suppressed_since,
       max(fact.id) as latest_id
  from public.suppressions_in_force as fact
 group by fact.kind, fact.value;

comment on view public.suppressed is
  'Who must not be contacted now. Grain: one mailbox, one domain or one erased mailbox.';
comment on column public.suppressed.reason is 'The one that weighs most.';
comment on column public.suppressed.suppressed_since is 'Of all that are in force, the first.';

create view public.suppressed_leads with (security_invoker = true) as
select lead.lead_id, fact.kind, fact.reason, fact.source_key, fact.noted_at
  from public.suppressions_in_force as fact
  join public.leads as lead on lead.match_key = fact.value
 where fact.kind = 'email'
union all
select lead.lead_id, fact.kind, fact.reason, fact.source_key, fact.noted_at
  from public.suppressions_in_force as fact
  join public.leads as lead on lead.registrable_domain = fact.value
 where fact.kind = 'domain'
union all
select lead.lead_id, fact.kind, fact.reason, fact.source_key, fact.noted_at
  from public.suppressions_in_force as fact
  join public.leads as lead on lead.company_domain = fact.value
 where fact.kind = 'domain' and lead.company_domain is distinct from lead.registrable_domain
union all
-- Nobody can say whether somebody without a match key is suppressed.
select lead.lead_id, 'email', 'address_not_described', '', lead.created_at
  from public.leads as lead
 where lead.match_key is null
union all
select lead.lead_id, fact.kind, fact.reason, fact.source_key, fact.noted_at
  from public.suppressions_in_force as fact
  join public.lead_erased_keys as lead on lead.erased_key = fact.value
 where fact.kind = 'erased'
union all
-- As long as anybody is erased, whoever was not compared might be them.
select lead.lead_id, 'erased', 'erasure_not_checked', '', lead.created_at
  from (
    select distinct split_part(fact.value, ':', 1) as fingerprint
      from public.suppressions_in_force as fact
     where fact.kind = 'erased'
  ) as used
  cross join public.leads as lead
  left join public.lead_erased_keys as compared
    on compared.lead_id = lead.lead_id and compared.fingerprint = used.fingerprint
 where compared.lead_id is null;

comment on view public.suppressed_leads is
  'Leads that must not be contacted. Grain: one lead and one reason; a lead may have several. A domain reaches everybody with an address there and everybody whose employer it is. Two reasons say that nobody knows: address_not_described (no match key yet) and erasure_not_checked (no row in lead_erased_keys yet). To be read by the transaction that reserves people, after private.hold_suppressions().';

grant select on public.suppressions_in_force, public.suppressed, public.suppressed_leads to service_role;

create function public.suppression_reasons(people jsonb)
returns table (place bigint, reason text)
language sql
stable
security invoker
set search_path = ''
as $function$
  with person as materialized (
    select listed.place - 1 as place,
           listed.value->>'email_key' as email_key,
           coalesce(listed.value->'domains', '[]') as domains,
           listed.value->>'erased_key' as erased_key
      from jsonb_array_elements(people) with ordinality as listed (value, place)
  ), erased as materialized (
    select fact.value, split_part(fact.value, ':', 1) as fingerprint
      from public.suppressions_in_force as fact
     where fact.kind = 'erased'
  ), fingerprints as materialized (
    select distinct erased.fingerprint from erased
  )
  select person.place, fact.reason
    from person
    join public.suppressions_in_force as fact on fact.kind = 'email' and fact.value = person.email_key
  union
  select person.place, fact.reason
    from person
    cross join lateral jsonb_array_elements_text(person.domains) as domain
    join public.suppressions_in_force as fact on fact.kind = 'domain' and fact.value = domain.value
  union
  select person.place, 'erased' from person join erased on erased.value = person.erased_key
  union
  select person.place, 'erasure_not_checked'
    from person
    join fingerprints on fingerprints.fingerprint is distinct from split_part(person.erased_key, ':', 1)
  union
  select person.place, 'address_not_described' from person where coalesce(person.email_key, '') = ''
$function$;

comment on function public.suppression_reasons(jsonb) is
  'Why people must not be contacted; those who may have no row. people: [{"email_key", "domains": [of the address, of the employer], "erased_key"}]; place counts them from 0. erasure_not_checked: somebody was erased, and no hash was passed or one made with another key, so that nobody can tell whether this is them.';

create function public.note_suppressions(rows jsonb)
returns table (inserted bigint, unchanged bigint)
language plpgsql
security invoker
set search_path = ''
as $function$
begin
  perform private.change_suppressions_alone();
  return query
  with given as (
    select listed.place, fact.kind, fact.value, fact.reason, fact.source,
           coalesce(nullif(fact.source_key, ''), 'after lift ' || lifted.id, '') as source_key,
           coalesce(fact.note, '') as note, fact.created_by
      from jsonb_array_elements(rows) with ordinality as listed (value, place)
      cross join lateral jsonb_populate_record(null::public.suppressions, listed.value) as fact
      left join lateral (
        select max(lift.id) as id
          from public.suppressions as lift
         where lift.act = 'lift' and lift.kind = fact.kind and lift.value = fact.value
      ) as lifted on true
  ), written as (
    insert into public.suppressions (kind, value, act, reason, source, source_key, note, created_by)
    select given.kind, given.value, 'suppress', given.reason, given.source, given.source_key, given.note, given.created_by
      from given
     order by given.place
    on conflict on constraint suppressions_once do nothing
    returning 1
  )
  select (select count(*) from written), (select count(*) from given) - (select count(*) from written);
end;
$function$;

comment on function public.note_suppressions(jsonb) is
  'Adds acts of suppressing: [{"kind", "value", "reason", "source", "source_key", "note", "created_by"}]. A fact with a source_key is added once ever; one without, once after each lift. What is noted already writes nothing. Safe to run twice.';

create function public.lift_suppression(
  wanted_kind text, wanted_value text, why text, by_whom text, explanation text default ''
)
returns bigint
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  facts bigint;
  latest bigint;
begin
  perform private.change_suppressions_alone();
  select count(*), max(fact.id)
    into facts, latest
    from public.suppressions_in_force as fact
   where fact.kind = wanted_kind and fact.value = wanted_value;
  if facts > 0 then
    insert into public.suppressions (kind, value, act, reason, source, source_key, note, created_by)
    values (wanted_kind, wanted_value, 'lift', why, 'hand', 'up to ' || latest, coalesce(explanation, ''), by_whom);
  end if;
  return facts;
end;
$function$;

comment on function public.lift_suppression(text, text, text, text, text) is
  'Lifts every suppression of a value that is in force, for one of the reasons of lifting; how many there were. None: nothing is written. Facts of a vendor that were noted before do not come back; new ones count. Safe to run twice.';

create function public.stops_of_instantly(after_key text, most integer, noted_reasons text[] default '{}')
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  with labels as materialized (
    -- As refresh_leads reads them: deleted labels still explain the numbers they left behind.
    select distinct on (label.interest_status)
           label.interest_status,
           lower(btrim(label.label_kind)) as kind,
           label.label_name ~* '\mdnc\M|(do[^a-z]*not|don.?t|never|nicht)[^a-z]*((be|mehr|wieder)[^a-z]*)?(contact|e?-?mail|write|call|kontakt|anschreib)|(contact|email)[^a-z]*never|opt(ed|s)?[^a-z]*out|unsubscrib|abgemeldet|abmeld|black[^a-z]*list|block|sperr'
             as is_do_not_contact,
           label.label_name ~* 'complain|complaint|spam|abuse|beschwer' as is_complaint
      from public.instantly_lead_labels_raw as label
     where label.interest_status not between -4 and 4
     order by label.interest_status, label.deleted_at is not null, label.updated_at desc, label.instantly_lead_label_id
  ), mails as materialized (
    select mail.instantly_email_id,
           coalesce(mail.lead_email, lower(btrim(mail.raw_json->>'from_address_email'))) as email,
           coalesce(mail.instantly_campaign_id, '') as instantly_campaign_id,
           coalesce(mail.is_auto_reply, false) or mail.interest_status is not distinct from 0 as is_automatic
      from public.instantly_emails_raw as mail
     where mail.email_type = 2
  ), automatic as (
    select mails.email, mails.instantly_campaign_id, count(*) as replies
      from mails
     where mails.is_automatic
     group by mails.email, mails.instantly_campaign_id
  ), stops (source_key, value, is_domain, reason) as (
    select 'lead:' || raw.instantly_lead_id, raw.email, false, stop.reason
      from public.instantly_leads_raw as raw
      left join labels on labels.interest_status = raw.interest_status
      left join automatic
        on automatic.email = raw.email and automatic.instantly_campaign_id = coalesce(raw.instantly_campaign_id, '')
      cross join lateral (
        values
          (case raw.lead_status when -1 then 'bounced' when -2 then 'unsubscribed' end),
          (case
             when raw.interest_status in (-1, -3) then 'not_interested'
             when raw.interest_status = -2 then 'wrong_person'
             when labels.is_complaint then 'complaint'
             when labels.is_do_not_contact then 'do_not_contact'
             when labels.kind = 'negative' then 'not_interested'
           end),
          (case
             when raw.interest_status between 1 and 4 or raw.interest_status = -4 or labels.kind = 'positive' then 'replied'
             -- Nothing explains the number yet: the safe branch is that somebody answered.
             when raw.interest_status not between -4 and 4 and labels.interest_status is null then 'replied'
             -- Out of office is an answer of a machine.
             when raw.interest_status is distinct from 0 and raw.email_reply_count > coalesce(automatic.replies, 0)
             then 'replied'
           end)
      ) as stop (reason)
     where raw.email is not null
       and (raw.lead_status in (-1, -2) or raw.interest_status is not null or raw.email_reply_count > 0)
    union all
    select 'email:' || mails.instantly_email_id, mails.email, false, 'replied'
      from mails
     where not mails.is_automatic and mails.email <> ''
    union all
    select 'block_list:' || entry.instantly_block_list_entry_id, entry.blocked_value,
           coalesce(entry.is_domain, entry.blocked_value not like '%@%'), 'block_list'
      from public.instantly_block_list_raw as entry
     where entry.deleted_at is null
  ), wanted as (
    select stops.source_key || ' ' || stops.reason as stop_key, stops.*
      from stops
     where stops.reason is not null
       and (
         stops.reason = any (noted_reasons)
         or not exists (
           select from public.suppressions as known
            where known.source = 'instantly' and known.source_key = stops.source_key and known.reason = stops.reason
         )
       )
  )
  select coalesce(jsonb_agg(to_jsonb(page) order by page.stop_key collate "C"), '[]')
    from (
      select wanted.stop_key, wanted.source_key, wanted.value, wanted.is_domain, wanted.reason
        from wanted
       where wanted.stop_key collate "C" > after_key
       order by wanted.stop_key collate "C"
       limit most
    ) as page
$function$;

comment on function public.stops_of_instantly(text, integer, text[]) is
  '[{"stop_key", "source_key", "value", "is_domain", "reason"}]: what Instantly says of people who want to be left alone, and is not noted yet; of noted_reasons what is noted as well. Bounces, unsubscribes, interest (not interested, lost, wrong person, labels that are negative or named so), replies that no machine wrote, entries of the block list. Out of office stops nobody. Values are as Instantly writes them; a page at a time by stop_key.';

create function public.suppressed_at_instantly(after_id text, most integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(person) order by person.instantly_lead_id collate "C"), '[]')
    from (
      select distinct raw.instantly_lead_id collate "C" as instantly_lead_id, raw.instantly_campaign_id, raw.email, lead.lead_id
        from public.suppressed_leads as stop
        join public.leads as lead on lead.lead_id = stop.lead_id
        join public.instantly_leads_raw as raw on raw.email = lead.email
        left join public.instantly_campaigns_raw as campaign on campaign.instantly_campaign_id = raw.instantly_campaign_id
       where stop.reason not in ('address_not_described', 'erasure_not_checked')
         and raw.deleted_at is null
         and raw.instantly_campaign_id is not null
         and campaign.deleted_at is null
         and campaign.campaign_status is distinct from 3
         -- These Instantly has stopped itself.
         and coalesce(raw.lead_status, 0) not in (-1, -2, 3)
         and raw.instantly_lead_id collate "C" > after_id
         -- An answer within this very campaign is known there: the conversation stays.
         and not (
           stop.reason = 'replied'
           and (
             stop.source_key = 'lead:' || raw.instantly_lead_id
             or exists (
               select from public.instantly_emails_raw as mail
                where stop.source_key = 'email:' || mail.instantly_email_id
                  and mail.lead_email = raw.email
                  and mail.instantly_campaign_id = raw.instantly_campaign_id
             )
           )
         )
       order by 1
       limit most
    ) as person
$function$;

comment on function public.suppressed_at_instantly(text, integer) is
  '[{"instantly_lead_id", "instantly_campaign_id", "email", "lead_id"}]: people who must not be contacted, and whom a campaign at Instantly that is not completed may still write to, a page at a time by instantly_lead_id. A reply within the same campaign is left to it.';

create function public.values_to_block(after_value text, most integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(page) order by page.value collate "C"), '[]')
    from (
      select wanted.value
        from (
          -- The address as it is written to: mail to a match key may reach somebody else.
          select distinct coalesce(lead.email, fact.value) as value
            from public.suppressions_in_force as fact
            left join public.leads as lead on fact.kind = 'email' and lead.match_key = fact.value
           -- Who answered may be written to by hand; an entry that a person took off the list there stays off it.
           where fact.kind in ('email', 'domain') and fact.reason not in ('replied', 'block_list')
        ) as wanted
       where wanted.value collate "C" > after_value
       order by wanted.value collate "C"
       limit most
    ) as page
$function$;

comment on function public.values_to_block(text, integer) is
  '[{"value"}]: addresses and domains that belong on Instantly''s block list: all that are suppressed, but for people who only replied. A page at a time by value.';

create function public.leads_without_erased_key(wanted_fingerprint text, after_id uuid, most integer)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $function$
  select coalesce(jsonb_agg(to_jsonb(page) order by page.lead_id), '[]')
    from (
      select lead.lead_id, lead.match_key
        from public.leads as lead
       where lead.match_key is not null
         and (after_id is null or lead.lead_id > after_id)
         and exists (select from public.suppressions_in_force as fact where fact.kind = 'erased')
         and not exists (
           select from public.lead_erased_keys as known
            where known.lead_id = lead.lead_id and known.fingerprint = wanted_fingerprint
         )
       order by lead.lead_id
       limit most
    ) as page
$function$;

comment on function public.leads_without_erased_key(text, uuid, integer) is
  '[{"lead_id", "match_key"}]: leads that were not compared with erased people under this key, a page at a time; none while nobody is erased.';

create function public.save_erased_keys(rows jsonb)
returns bigint
language sql
security invoker
set search_path = ''
as $function$
  with written as (
    insert into public.lead_erased_keys (lead_id, erased_key)
    select given.lead_id, given.erased_key
      from jsonb_to_recordset(rows) as given (lead_id uuid, erased_key text)
      join public.leads as lead using (lead_id)
    on conflict on constraint lead_erased_keys_pkey do nothing
    returning 1
  )
  select count(*) from written
$function$;

comment on function public.save_erased_keys(jsonb) is
  'Stores [{"lead_id", "erased_key"}]; how many are new. Safe to run twice.';

create function public.erase_suppressed_person(email_key text, erased_key text, by_whom text)
returns bigint
language plpgsql
security invoker
set search_path = ''
as $function$
declare
  facts bigint;
begin
  perform private.change_suppressions_alone();
  perform set_config('outreach.erasing_suppressions', 'on', true);
  -- An act that was erased before stands there already.
  delete from public.suppressions as plain
   where plain.kind = 'email' and plain.value = email_key
     and exists (
       select from public.suppressions as known
        where known.kind = 'erased' and known.value = erased_key and known.source = plain.source
          and known.source_key = plain.source_key and known.reason = plain.reason and known.act = plain.act
     );
  update public.suppressions as plain
     set kind = 'erased', value = erased_key, note = ''
   where plain.kind = 'email' and plain.value = email_key;
  get diagnostics facts = row_count;
  perform set_config('outreach.erasing_suppressions', 'off', true);
  perform public.note_suppressions(jsonb_build_array(jsonb_build_object(
    'kind', 'erased', 'value', erased_key, 'reason', 'erased', 'source', 'hand', 'created_by', by_whom
  )));
  return facts;
end;
$function$;

comment on function public.erase_suppressed_person(text, text, text) is
  'Takes an address out of suppressions and leaves its keyed hash, which goes on blocking, also where nothing was suppressed before; how many acts had the address. Acts keep what they were seen on, so that a sync does not note the address again. Safe to run twice.';

revoke execute on function
  private.refuse_change_of_suppressions(), private.change_suppressions_alone(), private.hold_suppressions(),
  public.suppression_reasons(jsonb), public.note_suppressions(jsonb),
  public.lift_suppression(text, text, text, text, text), public.stops_of_instantly(text, integer, text[]),
  public.suppressed_at_instantly(text, integer), public.values_to_block(text, integer),
  public.leads_without_erased_key(text, uuid, integer), public.save_erased_keys(jsonb),
  public.erase_suppressed_person(text, text, text)
  from public, anon, authenticated;
grant execute on function
  private.refuse_change_of_suppressions(), private.change_suppressions_alone(), private.hold_suppressions(),
  public.suppression_reasons(jsonb), public.note_suppressions(jsonb),
  public.lift_suppression(text, text, text, text, text), public.stops_of_instantly(text, integer, text[]),
  public.suppressed_at_instantly(text, integer), public.values_to_block(text, integer),
  public.leads_without_erased_key(text, uuid, integer), public.save_erased_keys(jsonb),
  public.erase_suppressed_person(text, text, text)
  to service_role;

notify pgrst, 'reload schema';
