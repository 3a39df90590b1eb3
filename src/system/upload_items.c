#include "upload_impl.h"

#include "dynamo_legacy.h"

#include <stdio.h>

/* --- from the outbox ------------------------------------------------------------------------------------------------------------- */

void upload_items_take(void *arg, int64_t item, struct view body)
{
	struct upload_session *s = arg;
	if (s->n_held == DYNAMO_BATCH_MAX ||
	    s->closing) /* it stays under way and comes again with the next start */
		return;
	s->held[s->n_held++] = (struct upload_item){ item, body, false };
	upload_session_wake(s);
}

bool upload_items_waiting(const struct upload_session *s)
{
	return s->n_held > 0 || (s->interim && s->u->minute.n > 0);
}

/* Answers an item and closes the gap. */
static void settle(struct upload_session *s, size_t i, enum outbox_verdict verdict, const char *why)
{
	int64_t id = s->held[i].id;
	s->n_held--;
	memmove(&s->held[i], &s->held[i + 1], (s->n_held - i) * sizeof(s->held[0]));
	outbox_answer(s->u->deps.outbox, id, verdict, 0, why);
}

/* --- requests ---------------------------------------------------------------------------------------------------------------------- */

/* What goes into one request: places in `held`. */
struct load {
	size_t places[DYNAMO_BATCH_MAX];
	struct view items[DYNAMO_BATCH_MAX];
	size_t n;
	int64_t samples; /* of the only one */
};

/* A batch must not hold one key twice: of two halves of a minute (a restart lies between them) the longer one goes. Its place in the load, or -1
 * when the key is new. */
static int find_key(const struct dynamo_minute_key *keys, size_t n, const struct dynamo_minute_key *key)
{
	for (size_t i = 0; i < n; i++)
		if (keys[i].minute == key->minute && strcmp(keys[i].hour, key->hour) == 0)
			return (int)i;
	return -1;
}

static void put_into(struct load *load, size_t at, struct upload_session *s, size_t place)
{
	load->places[at] = place;
	load->items[at] = s->held[place].body;
}

/* What cannot be read was never written by us; it is answered and gone. */
static bool drop_unreadable(struct upload_session *s, size_t i, struct dynamo_minute_key *key)
{
	if (dynamo_read_minute_key(s->held[i].body, key) == 0)
		return false;
	settle(s, i, OUTBOX_REJECTED, "it is no minute");
	return true;
}

/* A batch overwrites what is there. A half of a minute rides alone, therefore: as a put that leaves a fuller one. */
static void gather(struct upload_session *s, struct load *load, size_t most)
{
	struct dynamo_minute_key keys[DYNAMO_BATCH_MAX], key;
	load->n = 0;
	for (size_t i = 0; i < s->n_held && load->n < most;) {
		if (drop_unreadable(s, i, &key))
			continue;
		bool alone = key.partial && most > 1;
		if (alone && load->n)
			break;
		int twin = find_key(keys, load->n, &key);
		size_t at = twin < 0 ? load->n++ : (size_t)twin;
		if (twin < 0 || key.samples >= keys[at].samples) {
			keys[at] = key;
			put_into(load, at, s, i);
		}
		s->held[i++].riding = true;
		s->riding = i;
		if (alone)
			break;
	}
	load->samples = load->n ? keys[0].samples : 0;
}

static const char *write_load(struct upload_session *s, const struct load *load)
{
	enum dynamo_form form = s->plan.lanes[UPLOAD_MINUTES].form;
	const char *table = s->u->opt.table;
	if (form != DYNAMO_FORM_MINUTES) {
		dynamo_legacy_write_batch(&s->body, table, form, load->items, load->n, view_of(s->u->host),
					  clock_wall_ns(s->u->deps.clock));
		return "BatchWriteItem";
	}
	if (load->n == 1) {
		dynamo_write_put_fuller(&s->body, table, load->items[0], load->samples);
		return "PutItem";
	}
	dynamo_write_batch(&s->body, table, load->items, load->n);
	return "BatchWriteItem";
}

/* The minute so far; nobody keeps it when it fails, for the whole one follows. */
static const char *write_open_minute(struct upload_session *s)
{
	const struct upload *u = s->u;
	struct buf item;
	if (!s->interim || !u->minute.n)
		return NULL;
	buf_init(&item);
	upload_minute_write(&u->minute, view_of(u->host), u->opt.samples, clock_wall_ns(u->deps.clock),
			    &item);
	struct load load = { .items = { { item.data, item.len } }, .n = 1, .samples = u->minute.n };
	const char *op = write_load(s, &load);
	s->body.failed |= item.failed;
	buf_fini(&item);
	return op;
}

const char *upload_items_write(struct upload_session *s)
{
	enum dynamo_form form = s->plan.lanes[UPLOAD_MINUTES].form;
	size_t most = s->singly ? 1 : form == DYNAMO_FORM_MINUTES ? DYNAMO_BATCH_MAX : DYNAMO_BATCH_MAX - 1;
	struct load load;
	s->riding = 0;
	gather(s, &load, most);
	return load.n ? write_load(s, &load) : write_open_minute(s);
}

/* --- answers ------------------------------------------------------------------------------------------------------------------------- */

/* All that rode, but for those that the service left out. */
static size_t settle_riding(struct upload_session *s)
{
	size_t sent = 0;
	for (size_t i = s->n_held; i-- > 0;)
		if (s->held[i].riding) {
			settle(s, i, OUTBOX_SENT, NULL);
			sent++;
		}
	return sent;
}

static void stay_behind(void *arg, size_t index)
{
	struct upload_session *s = arg;
	if (index < s->n_held)
		s->held[index].riding = false;
}

/* The service names what it left out by keys: every held item of such a key stays. */
static int keep_unprocessed(struct upload_session *s, struct view answer)
{
	struct view bodies[DYNAMO_BATCH_MAX];
	for (size_t i = 0; i < s->riding; i++)
		bodies[i] = s->held[i].body;
	return dynamo_read_unprocessed(answer, bodies, s->riding, stay_behind, s);
}

static void forget_ride(struct upload_session *s)
{
	for (size_t i = 0; i < s->n_held; i++)
		s->held[i].riding = false;
}

static void went_well(struct upload_session *s, struct view answer, enum dynamo_verdict *verdict)
{
	size_t rode = s->riding;
	if (rode && keep_unprocessed(s, answer) < 0) {
		*verdict = DYNAMO_NETWORK;
		forget_ride(s);
		return;
	}
	size_t sent = rode ? settle_riding(s) : 0;
	if (sent < rode)
		*verdict = DYNAMO_THROTTLED; /* the rest after a pause */
	s->u->stats.sent += sent;
	if (sent) /* it is slow, but it moves */
		s->plan.lanes[UPLOAD_MINUTES].failures = 0;
	if (sent || !rode)
		upload_tell_success(s->u, rode ? sent : 1);
	s->singly = s->singly && s->n_held > 0;
	s->doubted = 0;
}

/* The service will not have it. One item is refused for good when the table has been looked at once more meanwhile; of several, who knows which. */
static void was_refused(struct upload_session *s, const struct dynamo_fault *fault,
			enum dynamo_verdict *verdict)
{
	size_t rode = s->riding;
	forget_ride(s);
	if (rode == 0)
		return;
	if (rode > 1) {
		s->singly = true;
	} else if (s->doubted != s->held[0].id) {
		s->doubted = s->held[0].id;
		s->plan.lanes[UPLOAD_MINUTES].phase = PHASE_UNKNOWN;
	} else {
		settle(s, 0, OUTBOX_REJECTED, fault->text);
	}
	*verdict = DYNAMO_OK; /* on with the next */
}

void upload_items_done(struct upload_session *s, const struct dynamo_fault *fault, struct view answer,
		       enum dynamo_verdict *verdict)
{
	s->interim = s->interim && s->riding > 0; /* tried once */
	if (fault->verdict == DYNAMO_CONDITION) { /* a fuller one is there */
		s->u->stats.sent += settle_riding(s);
		*verdict = DYNAMO_OK;
	} else if (fault->verdict == DYNAMO_OK) {
		went_well(s, answer, verdict);
	} else if (fault->verdict == DYNAMO_INVALID) {
		was_refused(s, fault, verdict);
	} else {
		forget_ride(s);
	}
	s->riding = 0;
}
