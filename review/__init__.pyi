from .errors import AlreadyDecided as AlreadyDecided, AlreadyTaken as AlreadyTaken
from .queue.desk import ReviewDesk as ReviewDesk
from .queue.items import Item as Item
from .queue.json_exchange import export_items as export_items, import_decisions as import_decisions
from .queue.queue import ReviewQueue as ReviewQueue, open_queue as open_queue
from .web.app import make_app as make_app
