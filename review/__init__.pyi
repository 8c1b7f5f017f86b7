from .desk import ReviewDesk as ReviewDesk
from .errors import AlreadyDecided as AlreadyDecided, AlreadyTaken as AlreadyTaken
from .exchange import export_items as export_items, import_decisions as import_decisions
from .items import Item as Item
from .queue import ReviewQueue as ReviewQueue, open_queue as open_queue
from .web import make_app as make_app
